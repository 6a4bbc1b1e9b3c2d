/** Age files in `decrypt`: one call for the file key, then chunk after authentic chunk. */
import { decodeArmor } from '../age/armor.js';
import { ByteReader } from '../age/byte-stream.js';
import { openHeader } from '../age/decrypt.js';
import { wipe } from '../age/file-key.js';
import { readHeader } from '../age/header.js';
import type { AgeEncoding } from '../age/recognition.js';
import { PayloadOpener } from '../age/stream.js';
import { reworded } from '../errors.js';
import type { Output } from '../io/output.js';
import type { Decrypted, Decryption } from './decryption.js';
import { findIdentities } from './age-identities.js';
import { counted, startProgress } from './progress.js';

/**
 * Decrypts the whole input.
 *
 * @throws KmsAsymError as {@link openHeader}, {@link PayloadOpener}, {@link findIdentities}, reading and writing do; with a hint when something was
 * released that must be discarded
 */
export async function decryptAge(decryption: Decryption, encoding: AgeEncoding): Promise<Decrypted> {
  const { run, input, ciphertext, output } = decryption;
  const { identities, service } = findIdentities(run, input.name);
  const progress = startProgress(run.context, input.size);
  const total = { CiphertextBytes: 0, PlaintextBytes: 0 };
  const file = counted(ciphertext.chunks(), (bytes) => {
    total.CiphertextBytes += bytes;
    progress.add(bytes);
  });
  const write = async (chunk: Uint8Array): Promise<void> => {
    await output.write(chunk);
    total.PlaintextBytes += chunk.length;
  };
  const reader = new ByteReader(encoding === 'armor' ? decodeArmor(file) : file);
  try {
    const fileKey = await openHeader(identities, await readHeader(reader));
    await decryptPayload(fileKey, reader, write).finally(() => wipe(fileKey));
    await output.commit();
  } catch (error) {
    throw discardReleased(error, output);
  } finally {
    progress.end();
    output.abort();
    await reader.close();
  }
  const { opened } = service;
  return {
    Format: 'age',
    Encoding: encoding,
    Algorithm: opened?.stanza.algorithm,
    KeyId: opened?.keyId,
    KeyVersionId: opened?.keyVersionId,
    Region: opened?.region,
    ...total,
    RequestId: opened?.requestId,
  };
}

/** As `decryptStream`, but without the turns that generators take between each other. */
async function decryptPayload(
  fileKey: Uint8Array,
  payload: ByteReader,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const opener = new PayloadOpener(fileKey);
  try {
    for (let piece = await payload.next(); piece; piece = await payload.next()) {
      for (const chunk of opener.push(piece)) await write(chunk);
    }
    for (const chunk of opener.end()) await write(chunk);
  } finally {
    opener.wipe();
  }
}

/** Whoever reads the pipe has authentic bytes, but not all of them. */
function discardReleased(error: unknown, output: Output): unknown {
  if (!output.isReleased) return error;
  return reworded(error, ({ hints }) => ({
    hints: [`discard what was written to ${output.name}: it is not the whole plaintext`, ...hints],
  }));
}
