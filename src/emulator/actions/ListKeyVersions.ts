/** ListKeyVersions (KMS API 2016-01-20). */
import type { Action } from '../action.js';
import { formatDate } from '../clock.js';
import { findKey } from '../key-reference.js';
import { pageOf } from '../paging.js';

/** Answers with one page of a key's versions, oldest first, whatever its state. */
export const ListKeyVersions: Action = (call) => {
  const { keyId, versions } = findKey(call);
  const page = pageOf(call.parameters, versions);
  const items = page.items.map(({ keyVersionId, createdMs }) => ({
    KeyId: keyId,
    KeyVersionId: keyVersionId,
    CreationDate: formatDate(createdMs),
  }));
  return { KeyVersions: { KeyVersion: items }, ...page.position };
};
