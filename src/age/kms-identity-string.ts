/**
 * `AGE-PLUGIN-ALIKMS-1…`: which KMS keys may be asked to open files. Not a secret: who may use a key is decided where
 * the key is. Bech32 with the human-readable part `AGE-PLUGIN-ALIKMS-`, in upper case, of no bytes at all, which stands
 * for any key, or of these:
 *
 *   1 byte    version of this layout, 1
 *   3 fields  region, KeyId, KeyVersionId, at least one not empty, as `locator-bytes.ts` has them
 *
 * Invariant: a locator has exactly one string.
 */
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError } from '../errors.js';
import { decodeBech32, encodeBech32 } from './bech32.js';
import { decodeLocator, encodeLocator } from './locator-bytes.js';

/** The human-readable part. */
export const KMS_IDENTITY_PREFIX = 'AGE-PLUGIN-ALIKMS-';

/** More than twice as long as any. */
const MAX_CHARACTERS = 2048;
const VERSION = 1;

/**
 * The string of an identity.
 *
 * @param locator - what a stanza must say to be opened with this identity, as far as said here
 * @throws KmsAsymError `usage` when a part of the locator has not the shape of one
 */
export function encodeKmsIdentity(locator: KeyLocator): string {
  const location = encodeLocator(locator);
  if (!location) {
    throw new KmsAsymError('usage', 'an identity names its key by region, KeyId and KeyVersionId', {
      hints: ['not by an alias or ARN'],
    });
  }
  const bytes = location.every((byte) => byte === 0) ? [] : [VERSION, ...location];
  return encodeBech32({ prefix: KMS_IDENTITY_PREFIX, bytes: Uint8Array.from(bytes) });
}

/**
 * Reads a string.
 *
 * @throws KmsAsymError `invalid-identity`
 */
export function decodeKmsIdentity(text: string): KeyLocator {
  const decoded = text.length > MAX_CHARACTERS ? undefined : decodeBech32(text);
  if (decoded?.prefix !== KMS_IDENTITY_PREFIX) {
    throw malformed('is damaged', ['copy it again, whole and in upper case']);
  }
  const { bytes } = decoded;
  if (bytes.length === 0) return {};
  if (bytes[0] !== VERSION) {
    throw malformed(`has version ${bytes[0]} of its layout, but this program knows only ${VERSION}`, [
      'use a newer version of this program',
    ]);
  }
  const { locator, rest } = decodeLocator(bytes.subarray(1)) ?? {};
  if (!locator || rest?.length !== 0 || Object.keys(locator).length === 0) {
    throw malformed('is not spelled as it should be');
  }
  return locator;
}

function malformed(
  problem: string,
  hints: readonly string[] = ['make it again: kms-asym identity'],
): KmsAsymError {
  return new KmsAsymError('invalid-identity', `the identity "${KMS_IDENTITY_PREFIX}1…" ${problem}`, {
    hints,
  });
}
