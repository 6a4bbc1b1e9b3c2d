/** Whole age files without armor, by the parts that the program puts together in ways of its own. */
import { ByteReader, type ByteStream } from '../../src/age/byte-stream.js';
import { wipe } from '../../src/age/file-key.js';
import { readHeader } from '../../src/age/header.js';
import { openHeader } from '../../src/age/open-header.js';
import type { Identity, Recipient } from '../../src/age/recipient.js';
import { sealHeader } from '../../src/age/seal-header.js';
import { decryptStream, encryptStream } from '../../src/age/stream.js';

export async function* encrypt(
  recipients: readonly Recipient[],
  plaintext: ByteStream,
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await sealHeader(recipients);
  try {
    yield header;
    yield* encryptStream(fileKey, plaintext);
  } finally {
    wipe(fileKey);
  }
}

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
