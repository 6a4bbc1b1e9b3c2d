/** UpdateAlias (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById, readAliasName } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';

/** Binds an existing alias to another key; answers with nothing but the RequestId. */
export const UpdateAlias: Action = (call) => {
  call.parameters.requireAll('KeyId', 'AliasName');
  const aliasName = readAliasName(call);
  const key = findKeyById(call);
  call.aliases.require(aliasName);
  requireState(key, 'updateAlias');
  call.aliases.rebind({ aliasName, keyId: key.keyId });
  return {};
};
