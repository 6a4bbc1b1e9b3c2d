/**
 * How fast calls follow each other, shared by all calls of a run: one budget of calls per second, and one patience. When
 * the service throttles a call, all wait together, go on slower, and get faster again by and by.
 */
import { monotonicMs } from '../monotonic.js';
import { abortError } from './call-error.js';
import { CallRate } from './call-rate.js';

/** Decides when a call is sent. */
export interface Pace {
  /** Resolves when the next call may be sent, in the order of asking; rejects when `signal` aborts. */
  turn(signal?: AbortSignal): Promise<void>;
  /** Says that the service throttled a call and is to be left alone for so long. */
  throttled(waitMs: number): void;
}

/** What a pace goes by. */
export interface PaceOptions {
  /** Most calls per second; `Infinity` for no limit but the service's own. */
  readonly perSecond: number;
  /** Told when the service throttles for the first time. */
  readonly onThrottled?: () => void;
  /** Milliseconds of a clock that never goes back; the real one when absent. */
  readonly now?: () => number;
}

/** How far calls may run ahead of the steady rate, so that a timer that is late costs nothing. */
const TOLERANCE_MS = 50;

/** The pace of one run. */
export class SharedPace implements Pace {
  readonly #options: PaceOptions;
  readonly #now: () => number;
  readonly #waiting = new Set<() => void>();
  readonly #rate: CallRate;
  /** When the next call is due at the steady rate. */
  #dueMs = -Infinity;
  #silentUntilMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #wasThrottled = false;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
    this.#rate = new CallRate(options.perSecond);
  }

  async turn(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortError(signal);
    if (this.#waiting.size === 0 && this.#take() === 0) return;
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(go);
        if (this.#waiting.size === 0) clearTimeout(this.#timer);
        reject(abortError(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(go);
      this.#letGo();
    });
  }

  throttled(waitMs: number): void {
    const nowMs = this.#now();
    // Calls that were sent together are throttled together: that is one event.
    if (nowMs >= this.#silentUntilMs) this.#rate.decrease(nowMs);
    this.#silentUntilMs = Math.max(this.#silentUntilMs, nowMs + waitMs);
    if (!this.#wasThrottled) this.#options.onThrottled?.();
    this.#wasThrottled = true;
    this.#letGo();
  }

  /** Sends off those whose turn it is, and wakes up for the next one. */
  #letGo(): void {
    clearTimeout(this.#timer);
    for (const go of this.#waiting) {
      const waitMs = this.#take();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => {
          this.#letGo();
        }, Math.ceil(waitMs));
        return;
      }
      this.#waiting.delete(go);
      go();
    }
  }

  /** 0 when a call may be sent now, which then counts as sent, else the milliseconds until one may. */
  #take(): number {
    const nowMs = this.#now();
    const dueMs = Math.max(this.#dueMs, nowMs - TOLERANCE_MS, this.#silentUntilMs);
    if (dueMs > nowMs) return dueMs - nowMs;
    this.#dueMs = dueMs + 1000 / this.#rate.take(nowMs);
    return 0;
  }
}
