/**
 * The public key file: the service's PEM after explanatory lines (RFC 7468, section 5.2) that name the key it
 * belongs to. openssl, node, ssh-keygen and python skip such lines, so the file serves them all.
 *
 * The lines are NOT authenticated: whoever can change the file can change them. What protects against a swapped
 * key is comparing fingerprints (`--expect-fingerprint`). Invariant of a file that was read: its `Fingerprint` and
 * `KeySpec` lines, when present, agree with its key.
 */
import { KmsAsymError } from '../errors.js';
import { LOCATOR_SHAPES, locatorOf, type KeyLocator } from './key-locator.js';
import { normalizeFingerprint, parsePublicKey, type PublicKey } from './public-key.js';

/** A public key and what its file says about it. */
export interface PublicKeyFile extends KeyLocator {
  readonly publicKey: PublicKey;
}

/** The lines this program knows, with the strict shape of their values. */
const LINES = {
  KeyId: LOCATOR_SHAPES.keyId,
  KeyVersionId: LOCATOR_SHAPES.keyVersionId,
  KeySpec: /^[A-Z0-9_]{1,32}$/,
  Region: LOCATOR_SHAPES.region,
  Fingerprint: /^SHA256:[A-Za-z0-9+/]{43}$/,
} as const;
type LineName = keyof typeof LINES;

/** Largest file that is read as a public key, in bytes. */
export const MAX_PUBLIC_KEY_FILE_BYTES = 64 * 1024;

/**
 * Reads a public key file, with or without explanatory lines.
 *
 * @throws KmsAsymError `invalid-public-key`, or `fingerprint-mismatch` when the file contradicts itself
 */
export function parsePublicKeyFile(bytes: Uint8Array, name: string): PublicKeyFile {
  const publicKey = parsePublicKey(bytes, name);
  const lines = readLines(bytes, name);
  if (lines.KeySpec !== undefined && lines.KeySpec !== publicKey.keySpec) {
    throw new KmsAsymError(
      'invalid-public-key',
      `"${name}" says KeySpec ${lines.KeySpec} but holds an ${publicKey.keySpec} key`,
      { hints: TAKE_IT_AGAIN },
    );
  }
  if (lines.Fingerprint !== undefined) checkFingerprint(publicKey, lines.Fingerprint, name);
  const { Region: region, KeyId: keyId, KeyVersionId: keyVersionId } = lines;
  return { publicKey, ...locatorOf({ region, keyId, keyVersionId }) };
}

/** Writes a public key file: the lines that are known, then the PEM byte for byte. */
export function formatPublicKeyFile(pem: string, publicKey: PublicKey, locator: KeyLocator): string {
  const values: Partial<Record<LineName, string | undefined>> = {
    KeyId: locator.keyId,
    KeyVersionId: locator.keyVersionId,
    KeySpec: publicKey.keySpec,
    Region: locator.region,
    Fingerprint: `SHA256:${publicKey.fingerprint}`,
  };
  const lines = Object.entries(values).filter(([, value]) => value !== undefined);
  return `${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}${pem}`;
}

/**
 * Refuses a key whose fingerprint is not the expected one.
 *
 * @param expected - as {@link PublicKey.fingerprint}, `SHA256:` in front allowed
 * @throws KmsAsymError `fingerprint-mismatch`, or `usage` when `expected` is no fingerprint
 */
export function checkFingerprint(publicKey: PublicKey, expected: string, name: string): void {
  const normalized = requireFingerprint(expected);
  if (normalized === publicKey.fingerprint) return;
  throw new KmsAsymError(
    'fingerprint-mismatch',
    `the key in "${name}" does not have the expected fingerprint`,
    {
      hints: [
        `expected SHA256:${normalized}`,
        `the key has SHA256:${publicKey.fingerprint}`,
        'somebody may have swapped the key: compare with get-public-key before using it',
      ],
    },
  );
}

/**
 * A fingerprint that a person typed, as {@link PublicKey.fingerprint}.
 *
 * @throws KmsAsymError `usage` when it is none
 */
export function requireFingerprint(text: string): string {
  const normalized = normalizeFingerprint(text);
  if (normalized !== undefined) return normalized;
  throw new KmsAsymError('usage', `"${text}" is not a fingerprint`, {
    hints: ['a fingerprint is "SHA256:" and 43 base64 characters, as in the public key file'],
  });
}

const TAKE_IT_AGAIN = ['the file was edited or damaged: write it again with kms-asym get-public-key'];

function readLines(bytes: Uint8Array, name: string): Partial<Record<LineName, string>> {
  const [head, pem] = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .split('-----BEGIN ', 2);
  const lines: Partial<Record<LineName, string>> = {};
  // DER has no lines, and its bytes must not be searched for any.
  if (head === undefined || pem === undefined) return lines;
  for (const line of head.split(/\r?\n/)) {
    const match = /^(KeyId|KeyVersionId|KeySpec|Region|Fingerprint):\s*(.*?)\s*$/.exec(line);
    if (!match) continue;
    const [key, value] = [match[1] as LineName, match[2] ?? ''];
    if (!LINES[key].test(value) || lines[key] !== undefined) {
      const problem = lines[key] === undefined ? 'is malformed' : 'stands twice';
      throw new KmsAsymError('invalid-public-key', `the ${key} line in "${name}" ${problem}`, {
        hints: TAKE_IT_AGAIN,
      });
    }
    lines[key] = value;
  }
  return lines;
}
