/** ListKeyVersions (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKey } from '../call/key-reference.js';
import { versionItem } from '../call/lists.js';
import { readPaging } from '../call/paging.js';

/** Answers with one page of a key's versions, oldest first, whatever its state. */
export const ListKeyVersions: Action = (call) => {
  call.parameters.requireAll('KeyId');
  const cut = readPaging(call.parameters);
  const key = findKey(call);
  const page = cut(key.versions);
  return {
    KeyVersions: { KeyVersion: page.items.map((version) => versionItem(key, version)) },
    ...page.position,
  };
};
