/** ListResourceTags (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyById } from '../call/key-reference.js';

/** Answers with all tags of a key, oldest first, whatever its state. */
export const ListResourceTags: Action = (call) => {
  call.parameters.requireAll('KeyId');
  const { keyId, tags } = findKeyById(call);
  return {
    Tags: { Tag: [...tags].map(([TagKey, TagValue]) => ({ KeyId: keyId, TagKey, TagValue })) },
  };
};
