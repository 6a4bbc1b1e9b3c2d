/** Versions of keys, and their public halves. */
import * as kms from '@alicloud/kms20160120';
import type { Call } from './call.js';
import { CallError } from './call-error.js';
import type { ChangeOutput, KeyVersion, KmsClient } from './client.js';
import { Fields } from './fields.js';
import { type Loose, resolved } from './outputs.js';
import { allPages, PAGE_SIZE } from './pages.js';

type VersionActions = Pick<KmsClient, 'createKeyVersion' | 'listKeyVersions' | 'getPublicKey'>;

/** Fifty versions per key is the documented limit. */
const MAX_PAGES = 20;

/** The actions on versions. */
export function versionActions(call: Call): VersionActions {
  return {
    createKeyVersion: (keyId) => createKeyVersion(call, keyId),
    listKeyVersions: async (keyId) => newestFirst(await listKeyVersions(call, keyId)),
    getPublicKey: async (ref) => {
      const request = new kms.GetPublicKeyRequest({ ...ref });
      const answer = await call('GetPublicKey', request, new kms.GetPublicKeyResponse({}));
      const fields = new Fields('GetPublicKey');
      return {
        ...resolved(fields, ref, answer),
        publicKeyPem: fields.publicKeyPem(answer.publicKey, 'PublicKey'),
      };
    },
  };
}

async function createKeyVersion(call: Call, keyId: string): Promise<KeyVersion & ChangeOutput> {
  const request = new kms.CreateKeyVersionRequest({ keyId });
  const response = new kms.CreateKeyVersionResponse({});
  try {
    const answer: Loose<typeof response> = await call('CreateKeyVersion', request, response);
    const fields = new Fields('CreateKeyVersion');
    if (answer.keyVersion === undefined) throw fields.invalid('KeyVersion');
    return { ...readVersion(answer.keyVersion, fields), requestId: fields.requestId(answer.requestId) };
  } catch (error) {
    if (!(error instanceof CallError) || !error.facts.mayHaveActed) throw error;
    throw error.withHint(
      `the version may exist all the same: look before you try again: kms-asym list-key-versions --key-id ${keyId}`,
    );
  }
}

async function listKeyVersions(call: Call, keyId: string): Promise<KeyVersion[]> {
  return allPages({
    action: 'ListKeyVersions',
    member: 'KeyVersions',
    maxPages: MAX_PAGES,
    fetch: async (pageNumber) => {
      const request = new kms.ListKeyVersionsRequest({ keyId, pageNumber, pageSize: PAGE_SIZE });
      const response = new kms.ListKeyVersionsResponse({});
      const answer: Loose<typeof response> = await call('ListKeyVersions', request, response);
      const versions: Loose<kms.ListKeyVersionsResponseKeyVersions> | undefined = answer.keyVersions;
      return { items: versions?.keyVersion, totalCount: answer.totalCount };
    },
    read: readVersion,
    idOf: ({ keyVersionId }) => keyVersionId,
  });
}

function readVersion(version: Loose<KeyVersion>, fields: Fields): KeyVersion {
  return {
    keyId: fields.token(version.keyId, 'KeyId'),
    keyVersionId: fields.token(version.keyVersionId, 'KeyVersionId'),
    creationDate: fields.date(version.creationDate, 'CreationDate'),
  };
}

function newestFirst(versions: readonly KeyVersion[]): KeyVersion[] {
  return versions.toSorted((a, b) => Date.parse(b.creationDate) - Date.parse(a.creationDate));
}
