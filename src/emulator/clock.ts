/** Time as the emulator tells it; tests bring their own. */

/** The present, in milliseconds since the epoch. */
export type Clock = () => number;

/** A date as the service writes it: `YYYY-MM-DDThh:mm:ssZ`, UTC. */
export function formatDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
