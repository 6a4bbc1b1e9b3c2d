/** TagResource (KMS API 2016-01-20), of keys: secrets and certificates are not imitated. */
import type { Action } from '../call/action.js';
import { requireKeyResource } from '../call/tagged-resource.js';
import { findKeyById } from '../call/key-reference.js';
import { requireState } from '../keys/key-state.js';
import { MAX_TAGS } from '../keys/quotas.js';
import { readTags } from '../keys/tags.js';
import { Refusal } from '../refusal.js';

/** Adds tags to a key, in place of those with the same keys; answers with nothing but the RequestId. */
export const TagResource: Action = (call) => {
  requireKeyResource(call.parameters);
  call.parameters.requireAll('Tags');
  const added = readTags(call.parameters);
  const key = findKeyById(call);
  requireState(key, 'describe');
  const tags = new Map([...key.tags, ...added]);
  if (tags.size > MAX_TAGS) throw new Refusal('Rejected.LimitExceeded');
  call.keys.update(key.keyId, { tags });
  return {};
};
