/** ListKeys (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { readFilters } from '../keys/filters.js';
import { keyArn } from '../keys/identifiers.js';
import { readPaging } from '../call/paging.js';

/** Answers with one page of the ids of the keys that pass the filters, oldest first. */
export const ListKeys: Action = ({ parameters, keys, aliases, account }) => {
  const cut = readPaging(parameters);
  const isListed = readFilters(parameters);
  const surroundings = {
    accountId: account.accountId,
    aliasesOf: ({ keyId }: { readonly keyId: string }) =>
      aliases
        .snapshot()
        .filter((alias) => alias.keyId === keyId)
        .map((alias) => alias.aliasName),
  };
  const page = cut(keys.all().filter((key) => isListed(key, surroundings)));
  const items = page.items.map(({ keyId }) => ({ KeyId: keyId, KeyArn: keyArn(account, keyId) }));
  return { Keys: { Key: items }, ...page.position };
};
