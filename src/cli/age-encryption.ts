/** The age file of `encrypt`: any size, any number of recipients, in constant memory. */
import { encodeArmor } from '../age/armor.js';
import { ByteReader, type ByteStream } from '../age/byte-stream.js';
import { CHUNK_BYTES, NONCE_BYTES } from '../age/chunk.js';
import { sealHeader } from '../age/seal-header.js';
import { wipe } from '../age/file-key.js';
import type { Stanza } from '../age/stanza.js';
import { encryptStream, PayloadSealer } from '../age/stream.js';
import { doBulk } from './bulk/payload.js';
import type { PieceSource } from '../io/pieces.js';
import { eachSegment } from '../io/segments.js';
import type { Encrypted, Encryption } from './encryption.js';
import { HeaderParser } from '../age/header.js';
import { toKmsRecipient } from './kms-recipient.js';
import { describeStanza } from './recipient-description.js';
import { counted, startProgress } from './progress.js';
import { pump } from './pump.js';

/**
 * Encrypts the whole input.
 *
 * @throws KmsAsymError as reading, writing and verifying do
 */
export async function encryptToAge(encryption: Encryption): Promise<Encrypted> {
  const { keys, recipients, input, plaintext, output, options, context } = encryption;
  const kms = keys.map((key) => toKmsRecipient(key, options, context));
  const { header, fileKey } = await sealHeader([...kms, ...recipients]);
  const progress = startProgress(context, input.size);
  const total = { PlaintextBytes: 0, CiphertextBytes: 0 };
  const count = (bytes: number): void => {
    total.PlaintextBytes += bytes;
    progress.add(bytes);
  };
  const source = counted(plaintext.chunks(), count);
  const write = (part: Uint8Array): Promise<void> => {
    total.CiphertextBytes += part.length;
    return output.write(part);
  };
  try {
    if (options.verify === true) {
      const { verifyHeader } = await import('./verification.js');
      await verifyHeader(encryption, header, fileKey);
    }
    if (options.armor === true) {
      const file = ageFile(header, encryptStream(fileKey, source));
      for await (const line of encodeArmor(file)) await write(line);
    } else {
      await write(header);
      await encryptPayload(encryption, fileKey, { source, write, count, total });
    }
    await output.commit();
    return { Format: 'age', Recipients: stanzasOf(header).map(describeStanza), ...total };
  } finally {
    progress.end();
    wipe(fileKey);
    output.abort();
  }
}

function stanzasOf(header: Uint8Array): readonly Stanza[] {
  return new HeaderParser().push(header)?.stanzas ?? [];
}

/** Where a payload comes from and goes to as a stream, and what is counted of it. */
interface Payload {
  readonly source: PieceSource;
  readonly write: (part: Uint8Array) => Promise<void>;
  readonly count: (plaintextBytes: number) => void;
  readonly total: { CiphertextBytes: number };
}

/** By two threads where that is faster, and chunk by chunk where the input has them; else piece by piece as it comes. */
async function encryptPayload(encryption: Encryption, fileKey: Uint8Array, payload: Payload): Promise<void> {
  const { source, write, count, total } = payload;
  const { file } = encryption.input;
  const sealer = new PayloadSealer(fileKey, {
    space: (bytes) => encryption.output.space?.(bytes),
    lasting: true,
  });
  try {
    if (!file) {
      await pump(new ByteReader(source), (piece) => sealer.push(piece), write);
      await write(sealer.end());
      return;
    }
    const done = await doBulk({
      ...encryption,
      work: 'seal',
      start: 0,
      headBytes: NONCE_BYTES,
      leave: (chunks) => {
        total.CiphertextBytes += NONCE_BYTES;
        return sealer.leave(chunks);
      },
      report: (plaintextBytes, ciphertextBytes) => {
        count(plaintextBytes);
        total.CiphertextBytes += ciphertextBytes;
      },
    });
    await eachSegment(file, done, CHUNK_BYTES, (chunk, last) => {
      count(chunk.length);
      return write(sealer.seal(chunk, last));
    });
  } finally {
    sealer.wipe();
  }
}

async function* ageFile(header: Uint8Array, payload: ByteStream): AsyncGenerator<Uint8Array> {
  yield header;
  yield* payload;
}
