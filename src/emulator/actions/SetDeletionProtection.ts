/** SetDeletionProtection (KMS API 2016-01-20): the key is named by its ARN. */
import type { Action } from '../call/action.js';
import { findKeyByArn } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { MAX_DESCRIPTION } from '../keys/quotas.js';

/** Protects a key from ScheduleKeyDeletion or lifts that, with its description; answers with nothing else. */
export const SetDeletionProtection: Action = (call) => {
  const { parameters, keys } = call;
  parameters.requireAll('ProtectedResourceArn', 'EnableDeletionProtection');
  const isEnabled = parameters.boolean('EnableDeletionProtection');
  const description = parameters.text('DeletionProtectionDescription', MAX_DESCRIPTION);
  const key = findKeyByArn(call, 'ProtectedResourceArn');
  requireState(key, 'describe');
  keys.update(key.keyId, { deletionProtection: { isEnabled, description: isEnabled ? description : '' } });
  return {};
};
