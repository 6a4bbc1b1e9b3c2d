/** Age files in `decrypt`: one call for the file key, then chunk after authentic chunk. */
import { decodeArmor } from '../age/armor.js';
import { ByteReader } from '../age/byte-stream.js';
import { NONCE_BYTES, SEALED_CHUNK_BYTES } from '../age/chunk.js';
import { openHeader } from '../age/open-header.js';
import { wipe } from '../age/file-key.js';
import { readHeader } from '../age/header.js';
import type { AgeEncoding } from '../age/recognition.js';
import { PayloadOpener } from '../age/stream.js';
import { reworded } from '../errors.js';
import type { InputFile } from '../io/input.js';
import type { Output } from '../io/output.js';
import { eachSegment } from '../io/segments.js';
import type { Decrypted, Decryption } from './decryption.js';
import { findIdentities } from './age-identities.js';
import { doBulk } from './bulk/payload.js';
import { counted, startProgress } from './progress.js';
import { pump } from './pump.js';
import type { ServiceUnwrap } from './service-unwrap.js';

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
  const count = (bytes: number): void => {
    total.CiphertextBytes += bytes;
    progress.add(bytes);
  };
  const file = counted(ciphertext.chunks(), count);
  const write = (chunk: Uint8Array): Promise<void> => {
    total.PlaintextBytes += chunk.length;
    return output.write(chunk);
  };
  const reader = new ByteReader(encoding === 'armor' ? decodeArmor(file) : file);
  try {
    const header = await readHeader(reader);
    const fileKey = await openHeader(identities, header);
    const start = encoding === 'binary' ? header.length : undefined;
    await decryptPayload(decryption, fileKey, { start, reader, write, count, total }).finally(() => {
      wipe(fileKey);
    });
    await output.commit();
  } catch (error) {
    throw discardReleased(error, output);
  } finally {
    progress.end();
    output.abort();
    await reader.close();
  }
  return describe(service, encoding, total);
}

function describe(
  { opened }: ServiceUnwrap,
  Encoding: AgeEncoding,
  total: Pick<Decrypted, 'CiphertextBytes' | 'PlaintextBytes'>,
): Decrypted {
  return {
    Format: 'age',
    Encoding,
    Algorithm: opened?.stanza.algorithm,
    KeyId: opened?.keyId,
    KeyVersionId: opened?.keyVersionId,
    Region: opened?.region,
    ...total,
    RequestId: opened?.requestId,
  };
}

/** Where a payload comes from and goes to as a stream, and what is counted of it. */
interface Payload {
  /** Where it begins in the input; `undefined` when the input is text. */
  readonly start: number | undefined;
  readonly reader: ByteReader;
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly count: (ciphertextBytes: number) => void;
  readonly total: { CiphertextBytes: number; PlaintextBytes: number };
}

/** As `encryptPayload`; text has no chunks. */
async function decryptPayload(decryption: Decryption, fileKey: Uint8Array, payload: Payload): Promise<void> {
  const { start, reader, write } = payload;
  const { file } = decryption.input;
  const opener = new PayloadOpener(fileKey, { space: (bytes) => decryption.output.space?.(bytes) });
  try {
    for (const chunk of opener.push(await reader.read(NONCE_BYTES))) await write(chunk);
    if (file && start !== undefined) await decryptFile(decryption, opener, file, { ...payload, start });
    else {
      await pump(reader, (piece) => opener.push(piece), write);
      for (const chunk of opener.end()) await write(chunk);
    }
  } finally {
    opener.wipe();
  }
}

/** Decrypts the chunks of a file; the nonce before them is taken. */
async function decryptFile(
  decryption: Decryption,
  opener: PayloadOpener,
  file: InputFile,
  { start, write, count, total }: Payload & { readonly start: number },
): Promise<void> {
  const { run, input, output } = decryption;
  const first = start + NONCE_BYTES;
  // What was read ahead will be read again.
  count(first - total.CiphertextBytes);
  const done = await doBulk({
    context: run.context,
    input,
    output,
    work: 'open',
    start: first,
    headBytes: 0,
    leave: (chunks) => ({ key: opener.leave(chunks), head: Buffer.alloc(0) }),
    report: (ciphertextBytes, plaintextBytes) => {
      count(ciphertextBytes);
      total.PlaintextBytes += plaintextBytes;
    },
  });
  await eachSegment(file, first + done, SEALED_CHUNK_BYTES, (sealed, last) => {
    count(sealed.length);
    return write(opener.open(sealed, last));
  });
  opener.checkReleased();
}

/** Whoever reads the pipe has authentic bytes, but not all of them. */
function discardReleased(error: unknown, output: Output): unknown {
  if (!output.isReleased) return error;
  const where = output.name === 'stdout' ? output.name : `"${output.name}"`;
  return reworded(error, ({ hints }) => ({
    hints: [`discard what was written to ${where}: it is not the whole plaintext`, ...hints],
  }));
}
