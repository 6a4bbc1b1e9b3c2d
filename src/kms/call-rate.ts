/** A rate that adapts as TCP does: it falls by a share when it was too high, and comes back in small equal steps. */

/** What is left of the rate when it was too high. */
const DECREASE = 0.7;
/** Share of the full rate that comes back with every second. */
const INCREASE = 0.05;
const LEAST_PER_SECOND = 1;
const SECOND_MS = 1000;

/** Calls per second. */
export class CallRate {
  #perSecond: number;
  /** Where it comes back to; without a limit, what it was when it was first too high. */
  #fullPerSecond: number;
  #changedMs = 0;
  /** Calls of the second that began at `#countedFromMs`, and how many the one before had. */
  #count = 0;
  #lastCount = 0;
  #countedFromMs = -Infinity;

  /** @param limit - most calls per second, or `Infinity` */
  constructor(private readonly limit: number) {
    this.#perSecond = limit;
    this.#fullPerSecond = limit;
  }

  /** Counts one call; the current rate. */
  take(nowMs: number): number {
    if (nowMs - this.#countedFromMs >= SECOND_MS) {
      this.#lastCount = nowMs - this.#countedFromMs < 2 * SECOND_MS ? this.#count : 0;
      this.#count = 0;
      this.#countedFromMs = nowMs;
    }
    this.#count += 1;
    const seconds = (nowMs - this.#changedMs) / SECOND_MS;
    if (seconds >= 1 && this.#perSecond < this.limit) {
      this.#perSecond = Math.min(this.limit, this.#perSecond + seconds * INCREASE * this.#fullPerSecond);
      this.#changedMs = nowMs;
    }
    return this.#perSecond;
  }

  /** The service found it too high. */
  decrease(nowMs: number): void {
    if (this.#fullPerSecond === Infinity) {
      this.#fullPerSecond = Math.max(this.#count, this.#lastCount, LEAST_PER_SECOND);
      this.#perSecond = this.#fullPerSecond;
    }
    this.#perSecond = Math.max(LEAST_PER_SECOND, this.#perSecond * DECREASE);
    this.#changedMs = nowMs;
  }
}
