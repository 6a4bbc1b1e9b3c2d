/** What a key's state allows: the table "Impact of CMK status on API operations" of the KMS documentation. */
import { Refusal } from '../refusal.js';
import type { ServiceErrorCode } from '../service-errors.js';

/** State of a key. */
export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport';

/** Kinds of operations that states tell apart; reading a key is always allowed and is not among them. */
export type GuardedOperation = 'use' | 'createAlias';

const REFUSALS: Record<GuardedOperation, Partial<Record<KeyState, ServiceErrorCode>>> = {
  use: {
    Disabled: 'Rejected.Disabled',
    PendingDeletion: 'Rejected.PendingDeletion',
    PendingImport: 'Rejected.PendingImport',
  },
  createAlias: { PendingDeletion: 'Rejected.StateModifiedFailed' },
};

/** Throws {@link Refusal} 409 when the key's state forbids the operation. */
export function requireState(key: { readonly state: KeyState }, operation: GuardedOperation): void {
  const code = REFUSALS[operation][key.state];
  if (code !== undefined) throw new Refusal(code);
}
