/** Recipients as text: the value of `-r`, and the files of `-R`, as age has them. */
import { KmsAsymError } from '../errors.js';
import { decodeBech32 } from './bech32.js';
import { decodeKmsRecipient, KMS_RECIPIENT_PREFIX } from './kms-recipient-string.js';
import { KmsRecipient } from './kms-stanza.js';
import { at, explainLine, readKeyLines, type ForeignKeyLine, type KeyLine } from './key-lines.js';
import type { Recipient } from './recipient.js';
import { X25519_BYTES, X25519Recipient } from './x25519.js';

/** Makes a recipient from its Bech32 text and the bytes in it, or returns `undefined` when they cannot be one. */
type RecipientReader = (bytes: Uint8Array, text: string) => Recipient | undefined;

/** By the human-readable part. */
const READERS: Readonly<Record<string, RecipientReader>> = {
  age: (bytes) => (bytes.length === X25519_BYTES ? new X25519Recipient(bytes) : undefined),
  [KMS_RECIPIENT_PREFIX]: (_bytes, text) => {
    const { key, locator } = decodeKmsRecipient(text);
    return new KmsRecipient(key, locator);
  },
};

const FOREIGN: readonly ForeignKeyLine[] = [
  {
    pattern: /^AGE-(SECRET-KEY|PLUGIN)-/i,
    what: 'is an identity, which opens files, not a recipient',
    hints: ['the recipient of an identity file: age-keygen -y FILE'],
  },
  {
    pattern: /^(sk-)?(ssh|ecdsa)-\S+ /,
    what: 'is an SSH public key, which this program does not encrypt to',
    hints: ['make an age key: age-keygen -o key.txt, and give its "age1…" line'],
  },
  {
    pattern: /^-----BEGIN /,
    what: 'is PEM, not an age recipient',
    hints: ['the public key of a KMS key: --public-key FILE'],
  },
  {
    pattern: /^age1(tag)?pq1/,
    what: 'is a post-quantum recipient, which this program does not know',
    hints: ['known are "age1…" keys of age-keygen and "age1alikms1…" keys of kms-asym recipient'],
  },
  {
    pattern: /^age1[a-z0-9._+-]*1[a-z0-9]{6,}$/,
    what: 'is a recipient of a plugin that this program does not run',
    hints: ['known are "age1…" keys of age-keygen and "age1alikms1…" keys of kms-asym recipient'],
  },
];

/**
 * Reads one recipient.
 *
 * @param where - what to call it in messages: `-r`
 * @throws KmsAsymError `invalid-public-key`
 */
export function parseRecipient(text: string, where: string): Recipient {
  return read({ text: text.trim(), where });
}

/**
 * Reads a recipients file: one per line, with comments.
 *
 * @throws KmsAsymError `invalid-public-key`, naming file and line
 */
export function parseRecipientFile(bytes: Uint8Array, name: string): Recipient[] {
  return readKeyLines(bytes, name, 'invalid-public-key').map(read);
}

function read(line: KeyLine): Recipient {
  const decoded = decodeBech32(line.text);
  const reader = decoded && Object.hasOwn(READERS, decoded.prefix) ? READERS[decoded.prefix] : undefined;
  const recipient = decoded && at(line, () => reader?.(decoded.bytes, line.text));
  if (recipient) return recipient;
  const foreign = explainLine(line, FOREIGN, 'invalid-public-key');
  if (foreign && !reader) throw foreign;
  const isCut = line.text.startsWith('age1');
  throw new KmsAsymError(
    'invalid-public-key',
    `${line.where} ${isCut ? 'is a damaged age recipient: its checksum or length is wrong' : 'is not an age recipient'}`,
    {
      hints: [
        isCut ? 'copy the whole of it again' : 'a recipient begins with "age1"; for a file of them: -R FILE',
      ],
    },
  );
}
