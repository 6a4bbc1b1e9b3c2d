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

/** What spares copies of a payload. */
export interface Sparing {
  /** Memory of who writes, where the next part may be made: at least so many bytes. `undefined` when there is none just now. */
  readonly space?: (bytes: number) => Uint8Array | undefined;
  /** Every piece stays as it is until the next one was pushed. */
  readonly lasting?: boolean;
}

/** Encrypts a payload piece by piece. */
export class PayloadSealer {
  readonly #key: Buffer;
  readonly #chunks: Segmenter;
  readonly #memory = Buffer.allocUnsafeSlow(NONCE_BYTES + SEALED_CHUNK_BYTES);
  /** What is still to come before the next chunk. */
  #head: Uint8Array;
  #counter = 0;

  /** @param fileKey - for this payload alone */
  constructor(
    fileKey: Uint8Array,
    private readonly sparing: Sparing = {},
  ) {
    this.#chunks = new Segmenter(CHUNK_BYTES, sparing.lasting);
    const nonce = createNonce();
    this.#key = derivePayloadKey(fileKey, nonce);
    this.#head = nonce;
  }

  /**
   * Leaves the first chunks to somebody else, who seals them with the key. To be called before anything else.
   *
   * @returns with the key, which is valid until this is wiped, the nonce, which the payload begins with
   */
  leave(chunks: number): { readonly key: Uint8Array; readonly head: Uint8Array } {
    this.#counter = chunks;
    const head = this.#head;
    this.#head = head.subarray(head.length);
    return { key: this.#key, head };
  }

  /** Takes the next plaintext, of any length; each part of the payload is valid until the next one is asked for. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    const chunks = this.#chunks;
    chunks.push(piece);
    for (let chunk = chunks.next(); chunk; chunk = chunks.next()) yield this.seal(chunk, false);
  }

  /** Ends the payload. */
  end(): Uint8Array {
    return this.seal(this.#chunks.end(), true);
  }

  /** To be called at the end, whatever happened. */
  wipe(): void {
    wipe(this.#key);
  }

  /** Seals the next chunk, for who has whole ones; with the nonce before the first. What is returned is valid until the next one. */
  seal(chunk: Uint8Array, last: boolean): Uint8Array {
    const head = this.#head;
    this.#head = this.#head.subarray(head.length);
    const part = this.sparing.space?.(head.length + SEALED_CHUNK_BYTES) ?? this.#memory;
    part.set(head);
    const sealed = sealChunk(this.#key, this.#counter++, last, chunk, part.subarray(head.length));
    return part.subarray(0, head.length + sealed.length);
  }
}

/** Decrypts a payload piece by piece. What it releases is authentic, but only its end says that it is complete. */
export class PayloadOpener {
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  readonly #chunks = new Segmenter(SEALED_CHUNK_BYTES);
  readonly #memory = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #nonceUsed = 0;
  #key: Buffer | undefined;
  #counter = 0;
  /** What is wrong with the chunk that was released last. */
  #failure: Error | undefined;

  constructor(
    private readonly fileKey: Uint8Array,
    private readonly sparing: Pick<Sparing, 'space'> = {},
  ) {}

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
    const chunks = this.#chunks;
    chunks.push(this.#key ? piece : this.#takeNonce(piece));
    for (let sealed = chunks.next(); sealed; sealed = chunks.next()) {
      yield this.open(sealed, false);
      this.checkReleased();
    }
  }

  /**
   * Ends the payload.
   *
   * @throws KmsAsymError `invalid-ciphertext` when there was no whole nonce, and as {@link PayloadOpener.push}
   */
  *end(): Generator<Uint8Array, void, undefined> {
    yield this.open(this.#chunks.end(), true);
    this.checkReleased();
  }

  /**
   * Opens the next chunk, for who has whole ones; valid until the next one. A whole one that is wrong only about being the
   * last is authentic; the reference releases it too. Then {@link PayloadOpener.checkReleased} throws, and so does this from
   * then on.
   *
   * @throws KmsAsymError as {@link PayloadOpener.end}
   */
  open(sealed: Uint8Array, last: boolean): Uint8Array {
    const key = this.#requireKey();
    this.checkReleased();
    const counter = this.#counter++;
    try {
      return requireChunk(key, counter, last, sealed, this.sparing.space?.(CHUNK_BYTES) ?? this.#memory);
    } catch (error) {
      this.#failure = error as Error;
      const whole = sealed.length === SEALED_CHUNK_BYTES && openChunk(key, counter, !last, sealed);
      if (whole) return whole;
      throw error;
    }
  }

  /** To be called when a chunk was passed on. */
  checkReleased(): void {
    if (this.#failure) throw this.#failure;
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
