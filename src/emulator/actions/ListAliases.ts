/** ListAliases (KMS API 2016-01-20). */
import type { Action } from '../action.js';
import { aliasArn } from '../keys/identifiers.js';
import { pageOf } from '../paging.js';

/** Answers with one page of aliases, oldest first. */
export const ListAliases: Action = ({ parameters, aliases, account }) => {
  const page = pageOf(parameters, aliases.snapshot());
  const items = page.items.map(({ aliasName, keyId }) => ({
    AliasName: aliasName,
    AliasArn: aliasArn(account, aliasName),
    KeyId: keyId,
  }));
  return { Aliases: { Alias: items }, ...page.position };
};
