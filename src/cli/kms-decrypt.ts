/** One AsymmetricDecrypt, with what a person wants to know when it fails. */
import { OAEP_ALGORITHMS } from '../crypto/algorithms.js';
import type { KeyLocator } from '../crypto/public-key-file.js';
import { KmsAsymError } from '../errors.js';
import type { DecryptOutput, KmsClient } from '../kms/client.js';
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
    throw undecryptable(error, what, keyVersionId);
  }
}

/** The service answers every ciphertext that does not decrypt with InvalidParameter; to a person that is bad data. */
function undecryptable(error: unknown, what: KmsCiphertext, keyVersionId: string): unknown {
  if (!(error instanceof KmsAsymError) || error.service?.code !== 'InvalidParameter') return error;
  const other = Object.keys(OAEP_ALGORITHMS).find((name) => name !== what.algorithm);
  return new KmsAsymError(
    'undecryptable',
    `"${what.name}" does not decrypt with key version "${keyVersionId}"`,
    {
      hints: [
        'it may be damaged, or encrypted to another key or version: compare with the public key that was used',
        ...(what.isAlgorithmChosen && other !== undefined
          ? [`if it was made with another hash: --algorithm ${other}`]
          : []),
      ],
      cause: error,
      service: error.service,
    },
  );
}
