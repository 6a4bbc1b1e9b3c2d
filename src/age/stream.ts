/**
 * The payload (C2SP age.md, "Payload") as it comes: a nonce, then chunk after chunk.
 *
 * Invariant: a chunk is released whole and after its tag was verified, in its place, or not at all; the last one
 * only when nothing follows it.
 */
import { KmsAsymError } from '../errors.js';
import { Segmenter, type ByteStream } from './byte-stream.js';
import {
  CHUNK_BYTES,
  createNonce,
  derivePayloadKey,
  NONCE_BYTES,
  openChunk,
  requireChunk,
  SEALED_CHUNK_BYTES,
  sealChunk,
} from './chunk.js';
import { wipe } from './file-key.js';

/**
 * Encrypts a payload piece by piece. What is released comes in blocks as long as a chunk of plaintext: a sealed one is a
 * little more than a pipe holds, and writing it would always wait for the reader.
 */
export class PayloadSealer {
  readonly #key: Buffer;
  readonly #chunks = new Segmenter(CHUNK_BYTES);
  readonly #sealed = Buffer.allocUnsafeSlow(CHUNK_BYTES + SEALED_CHUNK_BYTES);
  #used = NONCE_BYTES;
  #counter = 0;

  /** @param fileKey - for this payload alone */
  constructor(fileKey: Uint8Array) {
    const nonce = createNonce();
    this.#key = derivePayloadKey(fileKey, nonce);
    this.#sealed.set(nonce);
  }

  /**
   * Leaves the first chunks to somebody else, who seals them with the key. To be called before anything else.
   *
   * @returns with the key the nonce, which the payload begins with; both are valid until the next call
   */
  leave(chunks: number): { readonly key: Uint8Array; readonly head: Uint8Array } {
    this.#counter = chunks;
    this.#used = 0;
    return { key: this.#key, head: this.#sealed.subarray(0, NONCE_BYTES) };
  }

  /** Takes the next plaintext, of any length; each block is valid until the next one is asked for. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    for (const chunk of this.#chunks.push(piece)) {
      this.#seal(chunk, false);
      for (; this.#used >= CHUNK_BYTES; this.#used -= CHUNK_BYTES) {
        yield this.#sealed.subarray(0, CHUNK_BYTES);
        this.#sealed.copyWithin(0, CHUNK_BYTES, this.#used);
      }
    }
  }

  /** Ends the payload. */
  end(): Uint8Array {
    this.#seal(this.#chunks.end(), true);
    return this.#sealed.subarray(0, this.#used);
  }

  /** To be called at the end, whatever happened. */
  wipe(): void {
    wipe(this.#key);
  }

  #seal(chunk: Uint8Array, last: boolean): void {
    const into = this.#sealed.subarray(this.#used);
    this.#used += sealChunk(this.#key, this.#counter++, last, chunk, into).length;
  }
}

/** Decrypts a payload piece by piece. What it releases is authentic, but only its end says that it is complete. */
export class PayloadOpener {
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  readonly #chunks = new Segmenter(SEALED_CHUNK_BYTES);
  readonly #opened = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #nonceUsed = 0;
  #key: Buffer | undefined;
  #counter = 0;

  constructor(private readonly fileKey: Uint8Array) {}

  /**
   * Leaves the first chunks to somebody else, who opens them with the key. To be called when exactly the nonce was pushed.
   *
   * @returns the key, which is valid until this is wiped
   * @throws KmsAsymError as {@link PayloadOpener.end}
   */
  leave(chunks: number): Uint8Array {
    this.#counter = chunks;
    return this.#requireKey();
  }

  /**
   * Takes the next part of the payload, of any length; each chunk is valid until the next one is asked for.
   *
   * @throws KmsAsymError `undecryptable` for anything that is not exactly what was encrypted
   */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    const sealed = this.#key ? piece : this.#takeNonce(piece);
    for (const chunk of this.#chunks.push(sealed)) yield* this.#open(chunk, false);
  }

  /**
   * Ends the payload.
   *
   * @throws KmsAsymError `invalid-ciphertext` when there was no whole nonce, and as {@link PayloadOpener.push}
   */
  *end(): Generator<Uint8Array, void, undefined> {
    yield* this.#open(this.#chunks.end(), true);
  }

  /** To be called at the end, whatever happened. */
  wipe(): void {
    if (this.#key) wipe(this.#key);
  }

  #takeNonce(piece: Uint8Array): Uint8Array {
    const taken = piece.subarray(0, NONCE_BYTES - this.#nonceUsed);
    this.#nonce.set(taken, this.#nonceUsed);
    this.#nonceUsed += taken.length;
    if (this.#nonceUsed === NONCE_BYTES) this.#key = derivePayloadKey(this.fileKey, this.#nonce);
    return piece.subarray(taken.length);
  }

  #requireKey(): Uint8Array {
    if (this.#key) return this.#key;
    throw new KmsAsymError('invalid-ciphertext', 'the age file is cut off right after its header');
  }

  *#open(sealed: Uint8Array, last: boolean): Generator<Uint8Array, void, undefined> {
    const key = this.#requireKey();
    let chunk: Uint8Array;
    try {
      chunk = requireChunk(key, this.#counter, last, sealed, this.#opened);
    } catch (error) {
      // A whole chunk that is wrong only about being the last is authentic; the reference releases it too.
      const whole = sealed.length === SEALED_CHUNK_BYTES && openChunk(key, this.#counter, !last, sealed);
      if (whole) yield whole;
      throw error;
    }
    this.#counter++;
    yield chunk;
  }
}

/** Encrypts a payload; what it yields is only valid until the next is asked for. */
export async function* encryptStream(fileKey: Uint8Array, plaintext: ByteStream): AsyncGenerator<Uint8Array> {
  const sealer = new PayloadSealer(fileKey);
  try {
    for await (const piece of plaintext) for (const block of sealer.push(piece)) yield block;
    yield sealer.end();
  } finally {
    sealer.wipe();
  }
}

/**
 * Decrypts a payload; yields its chunks one by one, each only valid until the next is asked for. What was yielded is
 * authentic, but only the end of the generator says that it is complete.
 *
 * @throws KmsAsymError as {@link PayloadOpener}
 */
export async function* decryptStream(fileKey: Uint8Array, payload: ByteStream): AsyncGenerator<Uint8Array> {
  const opener = new PayloadOpener(fileKey);
  try {
    for await (const piece of payload) for (const chunk of opener.push(piece)) yield chunk;
    for (const chunk of opener.end()) yield chunk;
  } finally {
    opener.wipe();
  }
}
