/** DeleteAlias (KMS API 2016-01-20): whatever the state of its key, which stays as it is. */
import type { Action } from '../call/action.js';
import { readAliasName } from '../call/key-reference.js';

/** Removes an alias; answers with nothing but the RequestId. */
export const DeleteAlias: Action = (call) => {
  call.aliases.remove(readAliasName(call));
  return {};
};
