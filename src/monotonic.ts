/** A clock that only goes forward. */

/**
 * Milliseconds since some moment of the past. `performance.now()` tells the same, but its first use has Node load a dozen
 * files of its own, which a short run feels.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
