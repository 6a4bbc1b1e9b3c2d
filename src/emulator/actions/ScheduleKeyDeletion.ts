/** ScheduleKeyDeletion (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { DELETION_WINDOW_DAYS } from '../keys/quotas.js';
import { Refusal } from '../refusal.js';

/** Lets a key cease to exist in some days, unless it is protected; answers with nothing but the RequestId. */
export const ScheduleKeyDeletion: Action = (call) => {
  call.parameters.requireAll('KeyId', 'PendingWindowInDays');
  const days = call.parameters.integer('PendingWindowInDays', { ...DELETION_WINDOW_DAYS, fallback: 0 });
  const key = findKeyById(call);
  requireState(key, 'scheduleDeletion');
  // The documentation does not name the code for protected keys; this is its general one.
  if (key.deletionProtection.isEnabled) {
    throw new Refusal(
      'Rejected.UnsupportedOperation',
      'Unsupported operation. Deletion protection is enabled.',
    );
  }
  call.keys.scheduleDeletion(key.keyId, days);
  return {};
};
