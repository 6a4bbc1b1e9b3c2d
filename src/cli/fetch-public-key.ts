/** A public key straight from the service, checked before anything is encrypted to it. */
import { parsePublicKey, type PublicKey } from '../crypto/public-key.js';
import type { KeyLocator } from '../crypto/public-key-file.js';
import type { KmsClient, PublicKeyOutput } from '../kms/client.js';
import { newestVersion } from './key-version.js';
import type { Terminal } from './terminal.js';

/** What GetPublicKey answered, and the key in it. */
export interface FetchedPublicKey extends PublicKeyOutput {
  readonly publicKey: PublicKey;
}

/**
 * Fetches the key; without a version the only one, else the newest.
 *
 * @throws KmsAsymError as the client does, or `invalid-public-key` when the answer is no key
 */
export async function fetchPublicKey(
  kms: KmsClient,
  locator: KeyLocator & { keyId: string },
  terminal: Terminal,
): Promise<FetchedPublicKey> {
  const keyVersionId = locator.keyVersionId ?? (await newestVersion(kms, locator.keyId, terminal));
  const answer = await kms.getPublicKey({ keyId: locator.keyId, keyVersionId });
  return { ...answer, publicKey: parsePublicKey(Buffer.from(answer.publicKeyPem), answer.keyId) };
}
