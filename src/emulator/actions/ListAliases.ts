/** ListAliases (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { aliasItem } from '../call/lists.js';
import { readPaging } from '../call/paging.js';

/** Answers with one page of aliases, oldest first. */
export const ListAliases: Action = ({ parameters, aliases, account }) => {
  const page = readPaging(parameters)(aliases.snapshot());
  return { Aliases: { Alias: page.items.map((alias) => aliasItem(account, alias)) }, ...page.position };
};
