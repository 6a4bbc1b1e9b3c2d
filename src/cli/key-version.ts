/**
 * Which version of a key to use when nobody names one. The service has no primary version for asymmetric keys, so
 * every call needs one: encrypting may take the newest, decrypting must not guess.
 */
import { KmsAsymError } from '../errors.js';
import type { KeyVersion, KmsClient } from '../kms/client.js';
import { askOnce } from './ask-once.js';
import type { Terminal } from './terminal.js';

/** The only version, else the newest, which is then named on stderr. */
export async function newestVersion(kms: KmsClient, keyId: string, terminal: Terminal): Promise<string> {
  const [newest, ...older] = await listVersions(kms, keyId);
  if (older.length > 0) {
    await terminal.note(
      `key "${keyId}" has ${older.length + 1} versions; using the newest, ${newest.keyVersionId} (${newest.creationDate})`,
    );
  }
  return newest.keyVersionId;
}

/**
 * The only version.
 *
 * @throws KmsAsymError `usage` listing them when there are several
 */
export async function onlyVersion(kms: KmsClient, keyId: string): Promise<string> {
  const versions = await askOnce(kms, `versions of ${keyId}`, () => listVersions(kms, keyId));
  if (versions.length === 1) return versions[0].keyVersionId;
  throw new KmsAsymError(
    'usage',
    `key "${keyId}" has ${versions.length} versions; say which one encrypted the input`,
    {
      hints: [
        ...versions.map(
          (version) => `--key-version-id ${version.keyVersionId} (created ${version.creationDate})`,
        ),
        'the public key file names it: --public-key FILE',
      ],
    },
  );
}

async function listVersions(kms: KmsClient, keyId: string): Promise<readonly [KeyVersion, ...KeyVersion[]]> {
  const [newest, ...older] = await kms.listKeyVersions(keyId);
  if (newest) return [newest, ...older];
  throw new KmsAsymError('invalid-response', `the service lists no version for key "${keyId}"`);
}
