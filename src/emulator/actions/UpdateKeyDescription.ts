/** UpdateKeyDescription (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { MAX_DESCRIPTION } from '../keys/quotas.js';

/** Describes a key anew; an empty description clears it. Answers with nothing but the RequestId. */
export const UpdateKeyDescription: Action = (call) => {
  call.parameters.requireAll('KeyId');
  call.parameters.present('Description');
  const description = call.parameters.text('Description', MAX_DESCRIPTION);
  const key = findKeyById(call);
  requireState(key, 'describe');
  call.keys.update(key.keyId, { description });
  return {};
};
