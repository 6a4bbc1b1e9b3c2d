/** A public key straight from the service, checked before anything is encrypted to it. */
import { parsePublicKey, type PublicKey } from '../crypto/public-key.js';
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError } from '../errors.js';
import type { KmsClient, PublicKeyOutput } from '../kms/client.js';
import { newestVersion } from './key-version.js';
import type { Terminal } from './terminal.js';

/** What GetPublicKey answered, and the key in it. */
export interface FetchedPublicKey extends PublicKeyOutput {
  readonly publicKey: PublicKey;
  /** True when KMS says that the key is for SIGN/VERIFY: it will never decrypt, though an RSA key could encrypt. */
  readonly isForSigning: boolean;
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
  const publicKey = parsePublicKey(Buffer.from(answer.publicKeyPem), answer.keyId);
  return { ...answer, publicKey, isForSigning: (await usageOf(kms, answer.keyId)) === 'SIGN/VERIFY' };
}

/** Who may fetch a public key need not be allowed to look at the key's metadata: then nothing is known. */
async function usageOf(kms: KmsClient, keyId: string): Promise<string | undefined> {
  try {
    return (await kms.describeKey(keyId)).keyUsage;
  } catch (error) {
    if (error instanceof KmsAsymError && error.code === 'service-refused') return undefined;
    throw error;
  }
}
