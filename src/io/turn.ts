/** Long work lets others have their turn now and then: signals, progress. */
import { monotonicMs } from '../monotonic.js';

/** Longest time that they wait. */
const MAX_TURN_MS = 20;

/** The turn of work that never waits by itself. */
export class Turn {
  #startMs = monotonicMs();

  /** True when others have waited long enough. */
  get isOver(): boolean {
    return monotonicMs() - this.#startMs >= MAX_TURN_MS;
  }

  /** Lets all run that waits; resolves with the next turn. */
  async pass(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#startMs = monotonicMs();
  }
}
