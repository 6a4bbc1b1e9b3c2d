/** ListAliasesByKeyId (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';
import { findKeyByIdOrArn } from '../call/key-reference.js';
import { aliasItem } from '../call/lists.js';
import { readPaging } from '../call/paging.js';

/** Answers with one page of a key's aliases, oldest first, whatever its state. */
export const ListAliasesByKeyId: Action = (call) => {
  call.parameters.requireAll('KeyId');
  const cut = readPaging(call.parameters);
  const { keyId } = findKeyByIdOrArn(call);
  const page = cut(call.aliases.snapshot().filter((alias) => alias.keyId === keyId));
  return { Aliases: { Alias: page.items.map((alias) => aliasItem(call.account, alias)) }, ...page.position };
};
