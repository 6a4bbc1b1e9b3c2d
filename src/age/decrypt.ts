/**
 * Opens age files (C2SP age.md). Invariant: no byte of a payload is touched before the header's MAC was verified
 * under the file key that an identity found.
 */
import { KmsAsymError } from '../errors.js';
import { ByteReader, type ByteStream } from './byte-stream.js';
import { wipe } from './file-key.js';
import { readHeader, verifyHeader, type Header } from './header.js';
import type { Identity } from './recipient.js';
import type { Stanza } from './stanza.js';
import { decryptStream } from './stream.js';

/**
 * The file key of a file; the identities are asked in order, and the first that finds a key decides.
 *
 * @returns 16 bytes under which the header is authentic; whoever has them wipes them
 * @throws KmsAsymError `undecryptable` when the file is for others only or its MAC is wrong, and what identities throw
 */
export async function openHeader(identities: readonly Identity[], header: Header): Promise<Uint8Array> {
  for (const identity of identities) {
    const fileKey = await identity.unwrap(header.stanzas);
    if (!fileKey) continue;
    if (verifyHeader(header, fileKey)) return fileKey;
    wipe(fileKey);
    throw new KmsAsymError('undecryptable', 'the MAC of the age header is wrong: the header was changed');
  }
  throw new KmsAsymError('undecryptable', `no stanza for a KMS key, only for ${nameTypes(header.stanzas)}`, {
    hints: ['if one of these is yours, use age: age --decrypt -i KEY-FILE FILE'],
  });
}

/**
 * Decrypts an age file without armor; yields authenticated chunks in constant memory. What was yielded is authentic,
 * but only the end of the generator says that it is complete.
 *
 * @throws KmsAsymError `invalid-ciphertext` for malformed files, and as {@link openHeader} and {@link decryptStream}
 */
export async function* decrypt(
  identities: readonly Identity[],
  file: ByteStream,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(file);
  try {
    const fileKey = await openHeader(identities, await readHeader(reader));
    try {
      yield* decryptStream(fileKey, reader.rest());
    } finally {
      wipe(fileKey);
    }
  } finally {
    await reader.close();
  }
}

const MAX_NAMED_TYPES = 8;
const MAX_TYPE_LENGTH = 40;

/** What stands in a header, bounded: a message is no place for a megabyte. */
function nameTypes(stanzas: readonly Stanza[]): string {
  const types = [...new Set(stanzas.map(({ type }) => type))];
  const named = types.slice(0, MAX_NAMED_TYPES).map((type) => `"${type.slice(0, MAX_TYPE_LENGTH)}"`);
  return `${named.join(', ')}${types.length > MAX_NAMED_TYPES ? ', …' : ''}`;
}
