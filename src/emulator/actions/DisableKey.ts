/** DisableKey (KMS API 2016-01-20): doing it twice is no error. */
import type { Action } from '../call/action.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';

/** Lets a key no longer be used; answers with nothing but the RequestId. */
export const DisableKey: Action = (call) => {
  call.parameters.requireAll('KeyId');
  const key = findKeyById(call);
  requireState(key, 'switch');
  call.keys.setState(key.keyId, 'Disabled');
  return {};
};
