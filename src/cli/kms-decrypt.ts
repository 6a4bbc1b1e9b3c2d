/** One AsymmetricDecrypt, with what a person wants to know when it fails. */
import type { KeyLocator } from '../crypto/key-locator.js';
import type { DecryptOutput, KmsClient } from '../kms/client.js';
import { explainDecryptError } from './decrypt-diagnosis.js';
import { onlyVersion } from './key-version.js';

/** What is to be decrypted, and with which key. */
export interface KmsCiphertext {
  /** Without a version, the only one of the key. */
  readonly key: KeyLocator & { readonly keyId: string };
  /** Wire name of the service. */
  readonly algorithm: string;
  readonly ciphertext: Uint8Array;
  /** What to call it in messages. */
  readonly name: string;
  /** True when the algorithm was a choice of `--algorithm`, so that another one might be right. */
  readonly isAlgorithmChosen: boolean;
}

/**
 * Decrypts in the service.
 *
 * @throws KmsAsymError `undecryptable` when the service cannot decrypt these bytes; `usage` when the version is not
 * named and not the only one; else as the client does
 */
export async function decryptThroughKms(kms: KmsClient, what: KmsCiphertext): Promise<DecryptOutput> {
  const { keyId } = what.key;
  const keyVersionId = what.key.keyVersionId ?? (await onlyVersion(kms, keyId));
  try {
    return await kms.asymmetricDecrypt({ keyId, keyVersionId }, what.algorithm, what.ciphertext);
  } catch (error) {
    throw await explainDecryptError(kms, what, keyVersionId, error);
  }
}
