/** A limit on calls per second: a bucket that holds one second's worth of calls and fills at a steady rate. */

/** Tells how many milliseconds of a clock that never goes back have passed since some moment. */
export type Stopwatch = () => number;

/** Lets so many calls pass per second. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #stopwatch: Stopwatch;
  readonly #capacity: number;
  #tokens: number;
  #filledMs: number;

  /** `perSecond` is more than 0; below 1 a single call passes every `1 / perSecond` seconds. */
  constructor(perSecond: number, stopwatch: Stopwatch = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#stopwatch = stopwatch;
    this.#capacity = Math.max(1, perSecond);
    this.#tokens = this.#capacity;
    this.#filledMs = stopwatch();
  }

  /** 0 when the call may pass, else the whole milliseconds until one may. */
  take(): number {
    const nowMs = this.#stopwatch();
    const gained = ((nowMs - this.#filledMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
    this.#tokens -= 1;
    return 0;
  }
}
