/** The end of a run is the end of its process. */

/** Time for the process to end by itself, in milliseconds. */
const GRACE_MS = 500;

/**
 * Ends the process when something still holds it after a moment: look-ups of names and programs that were asked for
 * credentials cannot be cancelled. To be called when everything is written; the exit status is the one that is set.
 */
export function exitSoon(): void {
  // A timer that nothing needs costs a short run half a millisecond.
  if (process.getActiveResourcesInfo().length > 0) setTimeout(() => process.exit(), GRACE_MS).unref();
}
