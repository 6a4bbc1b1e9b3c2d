/** What the credentials of an emulator are not allowed to do: a RAM policy of denials alone. */
import { KmsAsymError } from '../../errors.js';
import type { Call } from '../call/action.js';
import { ACTIONS } from '../actions/index.js';
import { keyArn } from '../keys/identifiers.js';
import { Refusal } from '../refusal.js';
import { resolveKeyId, subjectOf } from './subject.js';

/** One thing that is forbidden. */
export interface Denial {
  /** Name of an action, or `*` for all of them. */
  readonly action: string;
  /** Id, alias or ARN of the one key that is meant, which need not exist yet; absent: every key, or none. */
  readonly keyId?: string;
}

/** Decides whether a call is allowed. */
export class Permissions {
  readonly #denials: readonly Denial[];

  /** Throws `KmsAsymError` `usage` for an action that the emulator does not have. */
  constructor(denials: readonly Denial[]) {
    for (const { action } of denials) requireAction(action);
    this.#denials = denials;
  }

  /** Throws `Refusal` `Forbidden.NoPermission` when the call is denied, whether or not it could succeed. */
  check(action: string, call: Call): void {
    const candidates = this.#denials.filter((denial) => [action, '*'].includes(denial.action));
    if (candidates.length === 0) return;
    const subject = subjectOf(call);
    const isDenied = candidates.some(
      ({ keyId }) => keyId === undefined || (subject !== undefined && resolveKeyId(call, keyId) === subject),
    );
    if (isDenied) throw noPermission(call, subject);
  }
}

function noPermission({ account }: Call, subject: string | undefined): Refusal {
  if (subject === undefined) return new Refusal('Forbidden.NoPermission');
  return new Refusal(
    'Forbidden.NoPermission',
    `This operation for ${keyArn(account, subject)} is forbidden by permission system.`,
  );
}

function requireAction(action: string): void {
  if (action === '*' || Object.hasOwn(ACTIONS, action)) return;
  const similar = Object.keys(ACTIONS).find((name) => name.toLowerCase() === action.toLowerCase());
  throw new KmsAsymError('usage', `cannot deny "${action}": the emulator has no such action`, {
    hints: [similar ? `did you mean ${similar}?` : `actions: ${Object.keys(ACTIONS).join(', ')}`],
  });
}
