/**
 * The chunks of a payload (C2SP age.md, "Payload"): STREAM, 64 KiB each, sealed with ChaCha20-Poly1305 under a counter
 * and a flag for the last one. Each for itself, in any order and any thread.
 */
import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  type Cipher,
  type Decipher,
} from 'node:crypto';
import { KmsAsymError } from '../errors.js';
import { reclaim } from './reclaim.js';

/** Bytes of plaintext in every chunk but the last. */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes that sealing adds to a chunk. */
export const TAG_BYTES = 16;
/** Bytes of every sealed chunk but the last. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
/** Bytes of the nonce in front of the chunks. */
export const NONCE_BYTES = 16;

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** A fresh nonce for {@link derivePayloadKey}; the payload begins with it. */
export function createNonce(): Buffer {
  return randomBytes(NONCE_BYTES);
}

/** The key of a payload, 32 bytes, from the file key and the payload's nonce. */
export function derivePayloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/**
 * Seals one chunk.
 *
 * @param key - from {@link derivePayloadKey}; a counter must not be used twice with it
 * @param counter - place of the chunk, from 0
 * @param into - where the result goes, at least `chunk.length + TAG_BYTES` long
 * @returns the part of `into` that was written
 */
export function sealChunk(
  key: Uint8Array,
  counter: number,
  last: boolean,
  chunk: Uint8Array,
  into: Uint8Array = Buffer.allocUnsafeSlow(chunk.length + TAG_BYTES),
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, chunkNonce(counter, last), OPTIONS);
  const parts = update(cipher, chunk);
  cipher.final();
  gather(parts, into);
  into.set(cipher.getAuthTag(), chunk.length);
  return into.subarray(0, chunk.length + TAG_BYTES);
}

/**
 * Opens one chunk.
 *
 * @param into - where the plaintext goes, once it is authenticated
 * @returns the plaintext, or `undefined` when the chunk is not authentic in this place; then `into` is untouched
 */
export function openChunk(
  key: Uint8Array,
  counter: number,
  last: boolean,
  sealed: Uint8Array,
  into: Uint8Array = Buffer.allocUnsafeSlow(CHUNK_BYTES),
): Uint8Array | undefined {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, chunkNonce(counter, last), OPTIONS);
  decipher.setAuthTag(sealed.subarray(length));
  const parts = update(decipher, sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  gather(parts, into);
  return into.subarray(0, length);
}

/**
 * Part of a chunk. node:crypto copies every result once; where both copies lie a multiple of pages apart, which they do
 * for a whole chunk, that takes some processors (AMD, with FSRM) as long as the cipher itself. And OpenSSL works on up to
 * 1024 bytes at once: what is no multiple of that takes it a fifth longer.
 */
const PART_BYTES = 39 * 1024;

function update(cipher: Cipher | Decipher, bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length <= PART_BYTES) return [cipher.update(bytes)];
  return [cipher.update(bytes.subarray(0, PART_BYTES)), cipher.update(bytes.subarray(PART_BYTES))];
}

function gather(parts: readonly Uint8Array[], into: Uint8Array): void {
  let used = 0;
  for (const part of parts) {
    into.set(part, used);
    used += part.length;
  }
  reclaim(parts);
}

/**
 * Opens a chunk as {@link openChunk} does, under the rules of the whole payload.
 *
 * @throws KmsAsymError `undecryptable`, saying what became of the file
 */
export function requireChunk(
  key: Uint8Array,
  counter: number,
  last: boolean,
  sealed: Uint8Array,
  into?: Uint8Array,
): Uint8Array {
  const chunk = openChunk(key, counter, last, sealed, into);
  if (chunk && !isForbidden(chunk, counter)) return chunk;
  throw explainChunk(key, counter, last, sealed);
}

function chunkNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  if (last) nonce[11] = 1;
  return nonce;
}

/** Only the payload of an empty file has an empty chunk. */
function isForbidden(chunk: Uint8Array, counter: number): boolean {
  return chunk.length === 0 && counter > 0;
}

/** A chunk that is authentic under the other flag was moved to the end, or away from it. */
function explainChunk(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array): KmsAsymError {
  const breakBytes = last
    ? breakLengths(sealed).find((bytes) => openChunk(key, counter, last, sealed.subarray(0, -bytes)))
    : undefined;
  if (breakBytes !== undefined) {
    return new KmsAsymError('undecryptable', 'the payload has a line break behind its end', {
      hints: [`cut it off: truncate -s -${breakBytes} FILE`],
    });
  }
  return new KmsAsymError('undecryptable', describeChunk(key, counter, last, sealed));
}

/** Bytes of the line breaks that an editor or a shell may have put behind the last chunk, whose own end may look like a CR. */
function breakLengths(sealed: Uint8Array): readonly number[] {
  if (sealed.at(-1) !== 0x0a) return [];
  return sealed.at(-2) === 0x0d ? [1, 2] : [1];
}

function describeChunk(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array): string {
  if (openChunk(key, counter, last, sealed)) return 'the payload ends with an empty chunk';
  if (!openChunk(key, counter, !last, sealed))
    return `the payload is damaged or cut off in chunk ${counter + 1}`;
  return last ? 'the payload is cut off' : 'something was appended to the payload';
}
