/** CreateAlias (KMS API 2016-01-20). */
import type { Action } from '../action.js';
import { findKeyById } from '../key-reference.js';
import { requireState } from '../keys/key-state.js';
import { invalidParameter } from '../refusal.js';

const ALIAS_NAME = /^alias\/[A-Za-z0-9_\-/]{1,255}$/;

/** What the service keeps for its own aliases. */
const RESERVED_PREFIX = 'alias/acs';

/** Binds a new alias to a key; answers with nothing but the RequestId. */
export const CreateAlias: Action = (call) => {
  for (const name of ['KeyId', 'AliasName']) call.parameters.required(name);
  const aliasName = call.parameters.required('AliasName');
  if (!ALIAS_NAME.test(aliasName) || aliasName.startsWith(RESERVED_PREFIX)) {
    throw invalidParameter('AliasName');
  }
  const key = findKeyById(call);
  requireState(key, 'createAlias');
  call.aliases.add({ aliasName, keyId: key.keyId });
  return {};
};
