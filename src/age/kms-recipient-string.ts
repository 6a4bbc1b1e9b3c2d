/**
 * `age1alikms1…`: everything that encrypting to a KMS key takes, so that it needs neither network nor credentials and
 * the key is pinned. Bech32 with the human-readable part `age1alikms`, in lower case, of these bytes:
 *
 *   1 byte    version of this layout, 1
 *   1 byte    key spec: 1 RSA_2048, 2 RSA_3072, 3 RSA_4096
 *   3 fields  region, KeyId, KeyVersionId, none of them empty, as `locator-bytes.ts` has them
 *   the rest  the public key: RSAPublicKey of RFC 8017, appendix A.1.1, in DER
 *
 * Invariant: a key and its locator have exactly one string. Nobody is authenticated by it: it is as trustworthy as
 * the way it came.
 */
import type { RsaKeySpec } from '../crypto/algorithms.js';
import { parseRsaPublicKeyDer, rsaPublicKeyDer, type EncryptionKey } from '../crypto/public-key.js';
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError } from '../errors.js';
import { decodeBech32, encodeBech32 } from './bech32.js';
import { decodeLocator, encodeLocator } from './locator-bytes.js';

/** The human-readable part. */
export const KMS_RECIPIENT_PREFIX = 'age1alikms';

/** In messages; the whole is hundreds of characters. */
const NAME = `${KMS_RECIPIENT_PREFIX}1…`;
/** More than twice as long as any. */
const MAX_CHARACTERS = 4096;
const VERSION = 1;
const KEY_SPECS = { RSA_2048: 1, RSA_3072: 2, RSA_4096: 3 } as const satisfies Record<RsaKeySpec, number>;

/** What a recipient string says. */
export interface KmsRecipientParts {
  readonly key: EncryptionKey;
  readonly locator: Required<KeyLocator>;
}

/**
 * The string of a key.
 *
 * @throws KmsAsymError `usage` when a part of the locator is missing or has not the shape of one
 */
export function encodeKmsRecipient({ key, locator }: { key: EncryptionKey; locator: KeyLocator }): string {
  const { region, keyId, keyVersionId } = locator;
  const location = encodeLocator(locator);
  if (!location || region === undefined || keyId === undefined || keyVersionId === undefined) {
    throw new KmsAsymError('usage', 'a recipient names its key by region, KeyId and KeyVersionId', {
      hints: ['name them all: --region REGION --key-id ID --key-version-id ID, not by an alias or ARN'],
    });
  }
  const bytes = Buffer.concat([
    Buffer.from([VERSION, KEY_SPECS[key.keySpec]]),
    location,
    rsaPublicKeyDer(key.keyObject),
  ]);
  return encodeBech32({ prefix: KMS_RECIPIENT_PREFIX, bytes });
}

/**
 * Reads a string.
 *
 * @throws KmsAsymError `invalid-public-key`
 */
export function decodeKmsRecipient(text: string): KmsRecipientParts {
  const decoded = text.length > MAX_CHARACTERS ? undefined : decodeBech32(text);
  if (decoded?.prefix !== KMS_RECIPIENT_PREFIX) {
    throw malformed('is damaged', ['copy it again, whole and in lower case']);
  }
  const [version = 0, spec = 0] = decoded.bytes;
  if (version !== VERSION) {
    throw malformed(`has version ${version} of its layout, but this program knows only ${VERSION}`, [
      'use a newer version of this program',
    ]);
  }
  const { locator, rest } = decodeLocator(decoded.bytes.subarray(2)) ?? {};
  const { region, keyId, keyVersionId } = locator ?? {};
  if (!rest || region === undefined || keyId === undefined || keyVersionId === undefined) {
    throw malformed('does not name a key');
  }
  const key = parseRsaPublicKeyDer(rest, NAME);
  if (!key || KEY_SPECS[key.keySpec] !== spec) throw malformed('does not hold the public key that it should');
  return { key, locator: { region, keyId, keyVersionId } };
}

function malformed(problem: string, hints: readonly string[] = MAKE_IT_AGAIN): KmsAsymError {
  return new KmsAsymError('invalid-public-key', `the recipient "${NAME}" ${problem}`, {
    hints,
  });
}

const MAKE_IT_AGAIN = ['make it again: kms-asym recipient --key-id ID'];
