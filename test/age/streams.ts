/** Streams for tests, and what became of them. */
import { createHash } from 'node:crypto';
import type { ByteStream } from '../../src/age/byte-stream.js';
import { KmsAsymError } from '../../src/errors.js';
import type { Expectation } from './vectors.js';

/** `bytes` in pieces of the given sizes, over and over. Every piece is overwritten when the next one is asked for. */
export function* pieces(bytes: Uint8Array, ...sizes: number[]): Generator<Buffer> {
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    const piece = Buffer.from(bytes.subarray(start, start + size));
    yield piece;
    piece.fill(0xee);
    start += size;
  }
}

export async function collect(stream: ByteStream): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

export interface Outcome {
  /** Everything that was released before the end or the error. */
  readonly released: Buffer;
  readonly error: KmsAsymError | undefined;
}

/** Reads a stream to its end or its error, which must be one for users. */
export async function outcomeOf(stream: ByteStream): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of stream) parts.push(Buffer.from(part));
    return { released: Buffer.concat(parts), error: undefined };
  } catch (error) {
    if (!(error instanceof KmsAsymError)) throw error;
    return { released: Buffer.concat(parts), error };
  }
}

/** What the vectors call an outcome. */
export function expectationOf({ error }: Outcome): Expectation {
  if (!error) return 'success';
  const { code, message } = error;
  if (code === 'invalid-ciphertext')
    return message.startsWith('the age armor') ? 'armor failure' : 'header failure';
  if (code !== 'undecryptable') throw error;
  if (message.startsWith('no key at hand opens the file')) return 'no match';
  return message.includes('MAC') ? 'HMAC failure' : 'payload failure';
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
