/**
 * Signals. Until a temporary file exists, none is handled: the system's default ends the process, even in a blocking
 * read. While one exists, a signal removes it first and then ends the process as the signal would have, so a shell
 * sees 128 + n either way.
 */
import { unlinkSync } from 'node:fs';

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type Handled = keyof typeof SIGNALS;

const temporaryFiles = new Set<string>();
let interceptor: ((signal: NodeJS.Signals) => void) | undefined;
let listening = false;

/**
 * Removes `path` when a signal ends the process. Register before the file is created.
 *
 * @returns takes the registration back
 */
export function removeOnSignal(path: string): () => void {
  temporaryFiles.add(path);
  update();
  return () => {
    temporaryFiles.delete(path);
    update();
  };
}

/**
 * Hands the first signal to `listener` in place of ending the process; a second signal ends it at once. One
 * interceptor at a time.
 *
 * @returns takes the interception back
 */
export function interceptSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  interceptor = listener;
  update();
  return () => {
    if (interceptor === listener) interceptor = undefined;
    update();
  };
}

function update(): void {
  const wanted = temporaryFiles.size > 0 || interceptor !== undefined;
  if (wanted === listening) return;
  listening = wanted;
  for (const signal of Object.keys(SIGNALS) as Handled[]) {
    if (wanted) process.on(signal, handle);
    else process.off(signal, handle);
  }
}

let interrupted = false;

function handle(signal: NodeJS.Signals): void {
  if (interceptor && !interrupted) {
    interrupted = true;
    interceptor(signal);
    return;
  }
  for (const path of temporaryFiles) {
    try {
      unlinkSync(path);
    } catch {
      // Already renamed, or gone: nothing is left to remove.
    }
  }
  for (const name of Object.keys(SIGNALS) as Handled[]) process.off(name, handle);
  process.kill(process.pid, signal);
  // Where the default action of a signal is nothing (process 1 of a container), still end.
  process.exit(128 + SIGNALS[signal as Handled]);
}
