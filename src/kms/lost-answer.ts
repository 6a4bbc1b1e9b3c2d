/**
 * Changes whose answer got lost: the service made them, the connection broke, and the next attempt is refused because
 * there is nothing left to change. Whoever asked must not be told that it failed.
 */
import { CallError } from './call-error.js';
import type { ChangeOutput } from './client.js';

/** A change, and how to see that it was made. */
export interface Change {
  readonly make: () => Promise<ChangeOutput>;
  /** The code that refuses to make it twice. */
  readonly refusal: string;
  readonly isMade: () => Promise<boolean>;
}

/** Makes a change, or sees that an earlier attempt made it. */
export async function settle({ make, refusal, isMade }: Change): Promise<ChangeOutput> {
  try {
    return await make();
  } catch (error) {
    const mayBeOurs = error instanceof CallError && error.facts.mayHaveActed;
    if (!mayBeOurs || error.service?.code !== refusal) throw error;
    if (await isMade().catch(() => false)) return { requestId: '' };
    throw error.withHint('an earlier attempt, whose answer got lost, may have made the change');
  }
}
