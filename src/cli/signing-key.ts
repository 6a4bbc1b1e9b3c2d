/** Which key signs, and how: from flags, environment, the public key file or what the service says about the key. */
import {
  EC_KEY_SPECS,
  RSA_KEY_SPECS,
  signatureAlgorithmsOf,
  type EcKeySpec,
  type RsaKeySpec,
  type SignatureAlgorithmName,
} from '../crypto/algorithms.js';
import type { PublicKey } from '../crypto/public-key.js';
import { KmsAsymError, reworded, serviceCodeOf } from '../errors.js';
import type { KeyMetadata, KeyVersionRef, KmsClient } from '../kms/client.js';
import { requireLocator, type KeySource } from './key-source.js';
import { newestVersion } from './key-version.js';
import type { Terminal } from './terminal.js';

/** A key that signs. */
export interface SigningKey {
  readonly ref: KeyVersionRef;
  readonly algorithm: SignatureAlgorithmName;
  /** Its public half, if a file was named. */
  readonly publicKey?: PublicKey;
}

/**
 * The algorithm that was asked for, or the default of the key.
 *
 * @param name - what to call the key in messages
 * @throws KmsAsymError `key-mismatch` when such a key does not have it
 */
export function chooseAlgorithm(
  asked: SignatureAlgorithmName | undefined,
  keySpec: RsaKeySpec | EcKeySpec,
  name: string,
): SignatureAlgorithmName {
  const possible = signatureAlgorithmsOf(keySpec);
  const [first] = possible;
  const chosen = asked ?? first;
  if (chosen !== undefined && possible.includes(chosen)) return chosen;
  throw new KmsAsymError(
    'key-mismatch',
    `"${name}" is an ${keySpec} key, which has no ${chosen ?? 'signatures'}`,
    {
      hints: [`leave --algorithm out, or take ${possible.join(' or ')}`],
    },
  );
}

/**
 * Finds the key of `source` with its version and algorithm.
 *
 * @throws KmsAsymError `usage` when something has to be named, `key-mismatch` for a key that does not sign so, and as the
 * client does
 */
export async function findSigningKey(
  kms: KmsClient,
  source: KeySource,
  asked: SignatureAlgorithmName | undefined,
  terminal: Terminal,
): Promise<SigningKey> {
  const { keyId, keyVersionId: named } = requireLocator(source, 'signs');
  const publicKey = 'file' in source ? source.file.publicKey : undefined;
  const algorithm = publicKey
    ? chooseAlgorithm(asked, publicKey.keySpec, keyId)
    : (asked ?? (await defaultOf(kms, keyId)));
  const keyVersionId = named ?? (await newestVersion(kms, keyId, terminal));
  return { ref: { keyId, keyVersionId }, algorithm, ...(publicKey && { publicKey }) };
}

/** Who may sign with a key need not be allowed to look at it; then the algorithm has to be named. */
async function defaultOf(kms: KmsClient, keyId: string): Promise<SignatureAlgorithmName> {
  const { keySpec = 'unknown', keyUsage } = await describe(kms, keyId);
  if (keyUsage === 'ENCRYPT/DECRYPT') {
    throw new KmsAsymError(
      'key-mismatch',
      `key "${keyId}" is for ENCRYPT/DECRYPT: KMS does not sign with it`,
      {
        hints: ['a key that signs: kms-asym create-key --key-spec EC_P256 --key-usage SIGN/VERIFY'],
      },
    );
  }
  if (isKnown(keySpec)) return chooseAlgorithm(undefined, keySpec, keyId);
  throw new KmsAsymError(
    'key-mismatch',
    `key "${keyId}" has KeySpec ${keySpec}, which this program cannot sign with`,
  );
}

async function describe(kms: KmsClient, keyId: string): Promise<KeyMetadata> {
  try {
    return await kms.describeKey(keyId);
  } catch (error) {
    if (serviceCodeOf(error) !== 'Forbidden.NoPermission') throw error;
    throw reworded(error, ({ hints }) => ({
      hints: ['or say how the key signs, then nobody has to look: --algorithm NAME', ...hints],
    }));
  }
}

function isKnown(keySpec: string): keySpec is RsaKeySpec | EcKeySpec {
  return Object.hasOwn({ ...RSA_KEY_SPECS, ...EC_KEY_SPECS }, keySpec);
}
