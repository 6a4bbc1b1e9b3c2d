/** ListKeyVersions (KMS API 2016-01-20). */
import type { Action } from '../action.js';
import { findKey } from '../key-reference.js';
import { versionItem } from '../lists.js';
import { readPaging } from '../paging.js';

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
