/**
 * A limit on calls per second: a bucket that holds one second's worth of calls and fills at a steady rate. Kept as the
 * moment at which it would be full (the virtual scheduling algorithm of ITU-T I.371), which needs no fractions of calls.
 */

import { monotonicMs } from '../../monotonic.js';

/** Tells how many milliseconds of a clock that never goes back have passed since some moment. */
export type Stopwatch = () => number;

/** Lets so many calls pass per second. */
export class TokenBucket {
  readonly #stopwatch: Stopwatch;
  /** Between two calls at the steady rate. */
  readonly #intervalMs: number;
  /** How much earlier than at the steady rate a call may come. */
  readonly #toleranceMs: number;
  #fullMs = -Infinity;

  /** `perSecond` is more than 0; below 1 a single call passes every `1 / perSecond` seconds. */
  constructor(perSecond: number, stopwatch: Stopwatch = monotonicMs) {
    this.#stopwatch = stopwatch;
    this.#intervalMs = 1000 / perSecond;
    this.#toleranceMs = this.#intervalMs * (Math.max(1, perSecond) - 1);
  }

  /** 0 when the call may pass, else the whole milliseconds until one may. */
  take(): number {
    const nowMs = this.#stopwatch();
    const fullMs = Math.max(this.#fullMs, nowMs);
    const waitMs = fullMs - this.#toleranceMs - nowMs;
    // Below a microsecond is rounding.
    if (waitMs > 1e-3) return Math.ceil(waitMs - 1e-3);
    this.#fullMs = fullMs + this.#intervalMs;
    return 0;
  }
}
