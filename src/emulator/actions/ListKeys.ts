/** ListKeys (KMS API 2016-01-20), without its filters. */
import type { Action } from '../action.js';
import { keyArn } from '../keys/identifiers.js';
import { pageOf } from '../paging.js';
import { notImitated } from '../refusal.js';

/** Answers with one page of key ids, oldest first. */
export const ListKeys: Action = ({ parameters, keys, account }) => {
  // Ignoring a filter would list keys that were not asked for.
  if (parameters.optional('Filters') !== undefined) throw notImitated('the Filters of ListKeys');
  const page = pageOf(parameters, keys.all());
  const items = page.items.map(({ keyId }) => ({ KeyId: keyId, KeyArn: keyArn(account, keyId) }));
  return { Keys: { Key: items }, ...page.position };
};
