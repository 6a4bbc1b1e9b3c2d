/**
 * The payload (C2SP age.md, "Payload"): a nonce, then STREAM, chunks of 64 KiB each sealed with ChaCha20-Poly1305
 * under a counter and a flag for the last one.
 *
 * Invariant: a chunk is released whole and after its tag was verified, in its place, or not at all; the last one
 * only when nothing follows it.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { KmsAsymError } from '../errors.js';
import { ByteReader, segments, Segmenter, type ByteStream } from './byte-stream.js';
import { wipe } from './file-key.js';

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
  into.set(cipher.update(chunk), 0);
  cipher.final();
  into.set(cipher.getAuthTag(), chunk.length);
  return into.subarray(0, chunk.length + TAG_BYTES);
}

/**
 * Opens one chunk.
 *
 * @param into - where the plaintext goes, once it is authenticated; without it, into a buffer of its own
 * @returns the plaintext, or `undefined` when the chunk is not authentic in this place; then `into` is untouched
 */
export function openChunk(
  key: Uint8Array,
  counter: number,
  last: boolean,
  sealed: Uint8Array,
  into?: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, chunkNonce(counter, last), OPTIONS);
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  if (!into) return plaintext;
  into.set(plaintext, 0);
  return into.subarray(0, length);
}

function chunkNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  if (last) nonce[11] = 1;
  return nonce;
}

/** What {@link encryptStream} yields at a time. A sealed chunk is a page more than a pipe holds: the writer would wait. */
const PIECE_BYTES = CHUNK_BYTES;

/**
 * Encrypts a payload: yields its nonce, then pieces of 64 KiB as they fill, which do not end where chunks end. A piece
 * is valid until the next one is asked for.
 */
export async function* encryptStream(fileKey: Uint8Array, plaintext: ByteStream): AsyncGenerator<Uint8Array> {
  keepFreedMemory();
  const nonce = createNonce();
  const key = derivePayloadKey(fileKey, nonce);
  const sealed = Buffer.allocUnsafeSlow(PIECE_BYTES + SEALED_CHUNK_BYTES);
  let used = 0;
  let counter = 0;
  const seal = (chunk: Uint8Array, last: boolean): void => {
    used += sealChunk(key, counter++, last, chunk, sealed.subarray(used)).length;
  };
  try {
    yield nonce;
    const segmenter = new Segmenter(CHUNK_BYTES);
    for await (const piece of plaintext) {
      for (const chunk of segmenter.push(piece)) {
        seal(chunk, false);
        // Tags add up: now and then there is a piece more.
        for (; used >= PIECE_BYTES; used -= PIECE_BYTES) {
          yield sealed.subarray(0, PIECE_BYTES);
          sealed.copyWithin(0, PIECE_BYTES, used);
        }
      }
    }
    seal(segmenter.end(), true);
    yield sealed.subarray(0, used);
  } finally {
    wipe(key);
  }
}

/**
 * Decrypts a payload; yields its chunks one by one. What was yielded is authentic, but only the end of the generator
 * says that it is complete.
 *
 * @throws KmsAsymError `invalid-ciphertext` when there is no whole nonce, `undecryptable` for anything that is not
 * exactly what was encrypted
 */
export async function* decryptStream(fileKey: Uint8Array, payload: ByteStream): AsyncGenerator<Uint8Array> {
  keepFreedMemory();
  const reader = new ByteReader(payload);
  let key: Buffer | undefined;
  try {
    const nonce = await reader.read(NONCE_BYTES);
    if (nonce.length < NONCE_BYTES) {
      throw new KmsAsymError('invalid-ciphertext', 'the age file is cut off right after its header');
    }
    key = derivePayloadKey(fileKey, nonce);
    let counter = 0;
    for await (const { bytes, last } of segments(reader.rest(), SEALED_CHUNK_BYTES)) {
      const chunk = openChunk(key, counter, last, bytes);
      if (!chunk || isForbidden(chunk, counter)) {
        // A whole chunk that is wrong only about being the last is authentic; the reference releases it too.
        const whole = bytes.length === SEALED_CHUNK_BYTES && openChunk(key, counter, !last, bytes);
        if (whole) yield whole;
        throw explainChunk(key, counter, last, bytes);
      }
      yield chunk;
      counter++;
    }
  } finally {
    if (key) wipe(key);
    await reader.close();
  }
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

/** Only the payload of an empty file has an empty chunk. */
function isForbidden(chunk: Uint8Array, counter: number): boolean {
  return chunk.length === 0 && counter > 0;
}

/** A chunk that is authentic under the other flag was moved to the end, or away from it. */
function explainChunk(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array): KmsAsymError {
  return new KmsAsymError('undecryptable', describeChunk(key, counter, last, sealed));
}

function describeChunk(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array): string {
  if (openChunk(key, counter, last, sealed)) return 'the payload ends with an empty chunk';
  if (!openChunk(key, counter, !last, sealed))
    return `the payload is damaged or cut off in chunk ${counter + 1}`;
  return last ? 'the payload is cut off' : 'something was appended to the payload';
}

const TRIMMED_BYTES = 31 * 1024 * 1024;

/**
 * Every chunk gets its memory from the system's allocator. That of glibc gives freed memory back to the kernel at once,
 * to fetch it again page by page for the next chunk, until a large block was freed: then it keeps twice as much.
 */
function keepFreedMemory(): void {
  structuredClone(undefined, { transfer: [new ArrayBuffer(TRIMMED_BYTES)] });
}
