/** A signal that ends a command in order instead of at once, whenever it comes. */
import type { Context } from './context.js';

/** Stands between the first signal and the end of the process. */
export interface StopSignal {
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  /** The first signal, once it came. */
  readonly signal: () => NodeJS.Signals | undefined;
  /** Lets signals end the process again. */
  readonly release: () => void;
}

/** Takes the first signal; a second one ends the process at once. */
export function takeStopSignal(context: Context): StopSignal {
  let received: NodeJS.Signals | undefined;
  let release = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    release = context.interceptSignals((signal) => {
      received = signal;
      release();
      resolve();
    });
  });
  return { stopped, signal: () => received, release };
}
