/** Timers that last as long as they are told. */

/** Longest that Node's timers last, in milliseconds; for more they would go off at once. */
const MAX_MS = 2 ** 31 - 1;

/** Calls `work` after `ms` milliseconds, or after the 24 days that a timer lasts at most; `Infinity` is welcome. */
export function startTimer(ms: number, work: () => void): NodeJS.Timeout {
  return setTimeout(work, Math.min(ms, MAX_MS));
}
