/** The end of a run is the end of its process. */

/** Time for the process to end by itself, in milliseconds. */
const GRACE_MS = 500;

/**
 * Ends the process, whose exit status is set and which has written everything: at once when nothing is under way, which
 * spares Node taking everything apart first; else after a moment, since look-ups of names cannot be cancelled.
 */
export function exitSoon(): void {
  if (process.getActiveResourcesInfo().length === 0) process.exit();
  setTimeout(() => process.exit(), GRACE_MS).unref();
}
