/** CreateAlias (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById, readAliasName } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';

/** Binds a new alias to a key; answers with nothing but the RequestId. */
export const CreateAlias: Action = (call) => {
  call.parameters.requireAll('KeyId', 'AliasName');
  const aliasName = readAliasName(call);
  const key = findKeyById(call);
  requireState(key, 'createAlias');
  call.aliases.add({ aliasName, keyId: key.keyId });
  return {};
};
