/**
 * What a key's state allows: the table "Impact of CMK status on API operations" of the KMS documentation. Its fourth
 * state, PendingImport, cannot arise here, because keys of Origin EXTERNAL are refused.
 */
import { Refusal } from '../refusal.js';
import type { ServiceErrorCode } from '../service-errors.js';

/** State of a key. */
export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** Kinds of operations that states tell apart; reading a key is always allowed and is not among them. */
export type GuardedOperation = keyof typeof REFUSALS;

type Row = Partial<Record<KeyState, ServiceErrorCode>>;

const REFUSALS = {
  /** The Asymmetric… actions, which the table lacks, are treated as its Encrypt and Decrypt. */
  use: { Disabled: 'Rejected.Disabled', PendingDeletion: 'Rejected.PendingDeletion' },
  createVersion: { Disabled: 'Rejected.Disabled', PendingDeletion: 'Rejected.PendingDeletion' },
  /** UpdateKeyDescription, TagResource, UntagResource; SetDeletionProtection by its own page. */
  describe: { PendingDeletion: 'Rejected.PendingDeletion' },
  createAlias: { PendingDeletion: 'Rejected.StateModifiedFailed' },
  /** The state of the key that an alias shall point to; that of its old key does not matter. */
  updateAlias: { PendingDeletion: 'Rejected.PendingDeletion' },
  /** EnableKey and DisableKey. */
  switch: { PendingDeletion: 'Rejected.StateModifiedFailed' },
  scheduleDeletion: { PendingDeletion: 'Rejected.StateModifiedFailed' },
  cancelDeletion: { Enabled: 'Rejected.StateModifiedFailed', Disabled: 'Rejected.StateModifiedFailed' },
} as const satisfies Record<string, Row>;

/** Throws {@link Refusal} 409 when the key's state forbids the operation. */
export function requireState(key: { readonly state: KeyState }, operation: GuardedOperation): void {
  const row: Row = REFUSALS[operation];
  const code = row[key.state];
  if (code !== undefined) throw new Refusal(code);
}
