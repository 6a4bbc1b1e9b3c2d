/** Identities as text: the files of `-i`, as age has them. Nothing of them is ever quoted in a message. */
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError, shellWord } from '../errors.js';
import { decodeBech32 } from './bech32.js';
import { wipe } from './file-key.js';
import { at, explainLine, readKeyLines, type ForeignKeyLine, type KeyLine } from './key-lines.js';
import { decodeKmsIdentity, KMS_IDENTITY_PREFIX } from './kms-identity-string.js';
import type { Identity } from './recipient.js';
import { recognizeAge } from './recognition.js';
import { X25519_BYTES, X25519Identity } from './x25519.js';

/** Makes what opens files through KMS, as far as an identity says which keys may be asked. */
export type MakeKmsIdentity = (locator: KeyLocator) => Identity;

/** Makes an identity from its Bech32 text and the bytes in it, or returns `undefined` when they cannot be one. */
type IdentityReader = (bytes: Uint8Array, text: string, makeKms: MakeKmsIdentity) => Identity | undefined;

/** By the human-readable part. */
const READERS: Readonly<Record<string, IdentityReader>> = {
  'AGE-SECRET-KEY-': (bytes) => (bytes.length === X25519_BYTES ? new X25519Identity(bytes) : undefined),
  [KMS_IDENTITY_PREFIX]: (_bytes, text, makeKms) => makeKms(decodeKmsIdentity(text)),
};

const FOREIGN: readonly ForeignKeyLine[] = [
  {
    pattern: /^age1/,
    what: 'is a recipient, which only encrypts',
    hints: ['an identity begins with "AGE-SECRET-KEY-1"; age-keygen writes it below the recipient'],
  },
  {
    pattern: /^-----BEGIN OPENSSH PRIVATE KEY-----|^-----BEGIN [A-Z ]*PRIVATE KEY-----/,
    what: 'is an SSH or PEM private key, which this program does not use',
    hints: ['age opens what is encrypted to SSH keys: age --decrypt -i KEY-FILE FILE'],
  },
  {
    pattern: /^AGE-SECRET-KEY-PQ-1/,
    what: 'is a post-quantum identity, which this program does not know',
    hints: ['age 1.3 opens such files: age --decrypt -i KEY-FILE FILE'],
  },
  {
    pattern: /^AGE-PLUGIN-/,
    what: 'is an identity of a plugin that this program does not run',
    hints: ['age runs plugins: age --decrypt -i KEY-FILE FILE'],
  },
];

/**
 * Reads an identity file: one per line, with comments.
 *
 * @param makeKms - for identities of KMS keys
 * @throws KmsAsymError `invalid-identity`, naming file and line
 */
export function parseIdentityFile(bytes: Uint8Array, name: string, makeKms: MakeKmsIdentity): Identity[] {
  if (recognizeAge(bytes)) {
    throw new KmsAsymError('invalid-identity', `"${name}" is itself encrypted`, {
      hints: [`decrypt it first; in bash: -i <(age --decrypt ${shellWord(name)})`],
    });
  }
  return readKeyLines(bytes, name, 'invalid-identity').map((line) => read(line, makeKms));
}

function read(line: KeyLine, makeKms: MakeKmsIdentity): Identity {
  const decoded = decodeBech32(line.text);
  const reader = decoded && Object.hasOwn(READERS, decoded.prefix) ? READERS[decoded.prefix] : undefined;
  const identity = decoded && at(line, () => reader?.(decoded.bytes, line.text, makeKms));
  if (decoded) wipe(decoded.bytes);
  if (identity) return identity;
  const foreign = explainLine(line, FOREIGN, 'invalid-identity');
  if (foreign && !reader) throw foreign;
  throw new KmsAsymError('invalid-identity', `${line.where} is not a whole age identity`, {
    hints: [
      'an identity begins with "AGE-SECRET-KEY-1" and has 74 characters, or is one of kms-asym identity',
    ],
  });
}
