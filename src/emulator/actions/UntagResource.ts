/** UntagResource (KMS API 2016-01-20), of keys: secrets and certificates are not imitated. */
import type { Action } from '../call/action.js';
import { requireKeyResource } from '../call/tagged-resource.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { readTagKeys } from '../keys/tags.js';

/** Removes tags from a key, if it has them; answers with nothing but the RequestId. */
export const UntagResource: Action = (call) => {
  requireKeyResource(call.parameters);
  call.parameters.requireAll('TagKeys');
  const removed = new Set(readTagKeys(call.parameters));
  const key = findKeyById(call);
  requireState(key, 'describe');
  const tags = new Map([...key.tags].filter(([tagKey]) => !removed.has(tagKey)));
  call.keys.update(key.keyId, { tags });
  return {};
};
