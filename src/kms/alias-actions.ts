/** Names for keys. */
import * as kms from '@alicloud/kms20160120';
import type { Call } from './call.js';
import type { Alias, KmsClient } from './client.js';
import { Fields } from './fields.js';
import { settle } from './lost-answer.js';
import type { Loose } from './outputs.js';
import { allPages, PAGE_SIZE } from './pages.js';

type AliasActions = Pick<KmsClient, 'createAlias' | 'updateAlias' | 'deleteAlias' | 'listAliases'>;

const MAX_PAGES = 1000;

/** The actions on aliases. */
export function aliasActions(call: Call): AliasActions {
  const done = (action: string, requestId: unknown) => ({
    requestId: new Fields(action).requestId(requestId),
  });
  return {
    createAlias: (keyId, aliasName) =>
      settle({
        make: async () => {
          const request = new kms.CreateAliasRequest({ keyId, aliasName });
          const answer = await call('CreateAlias', request, new kms.CreateAliasResponse({}));
          return done('CreateAlias', answer.requestId);
        },
        refusal: 'AliasAlreadyExists',
        isMade: async () => (await listAliases(call, keyId)).some((alias) => alias.aliasName === aliasName),
      }),
    updateAlias: async (keyId, aliasName) => {
      const request = new kms.UpdateAliasRequest({ keyId, aliasName });
      const answer = await call('UpdateAlias', request, new kms.UpdateAliasResponse({}));
      return done('UpdateAlias', answer.requestId);
    },
    deleteAlias: (aliasName) =>
      settle({
        make: async () => {
          const request = new kms.DeleteAliasRequest({ aliasName });
          const answer = await call('DeleteAlias', request, new kms.DeleteAliasResponse({}));
          return done('DeleteAlias', answer.requestId);
        },
        refusal: 'Forbidden.AliasNotFound',
        isMade: () => Promise.resolve(true),
      }),
    listAliases: (keyId) => listAliases(call, keyId),
  };
}

async function listAliases(call: Call, keyId: string | undefined): Promise<Alias[]> {
  const action = keyId === undefined ? 'ListAliases' : 'ListAliasesByKeyId';
  return allPages({
    action,
    member: 'Aliases',
    maxPages: MAX_PAGES,
    fetch: async (pageNumber) => {
      const page = { pageNumber, pageSize: PAGE_SIZE };
      const request =
        keyId === undefined
          ? new kms.ListAliasesRequest(page)
          : new kms.ListAliasesByKeyIdRequest({ ...page, keyId });
      // Both answers have the same model.
      const response = new kms.ListAliasesResponse({});
      const answer: Loose<typeof response> = await call(action, request, response);
      const aliases: Loose<kms.ListAliasesResponseAliases> | undefined = answer.aliases;
      return { items: aliases?.alias, totalCount: answer.totalCount };
    },
    read: (alias, fields) => ({
      aliasName: fields.token(alias.aliasName, 'AliasName'),
      keyId: fields.token(alias.keyId, 'KeyId'),
      arn: fields.tokenIfAny(alias.aliasArn),
    }),
    idOf: ({ aliasName }) => aliasName,
  });
}
