/** CancelKeyDeletion (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';

/** Lets a key go on, enabled whatever it was before; answers with nothing but the RequestId. */
export const CancelKeyDeletion: Action = (call) => {
  call.parameters.requireAll('KeyId');
  const key = findKeyById(call);
  requireState(key, 'cancelDeletion');
  call.keys.setState(key.keyId, 'Enabled');
  return {};
};
