/** Bytes that come in pieces of any size: taken from the front, or cut into segments of one size. */

/** Pieces of any size, empty ones too; each is only read until the next one is asked for. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Takes pieces from the front of a stream; whoever made the reader closes it. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #unread: Uint8Array | undefined;

  constructor(stream: ByteStream) {
    this.#pieces =
      Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  }

  /** The next piece, or `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread) return unread;
    const result: IteratorResult<Uint8Array, unknown> = await this.#pieces.next();
    return result.done === true ? undefined : result.value;
  }

  /** Puts back the end of the piece that {@link ByteReader.next} just gave. */
  unread(bytes: Uint8Array): void {
    this.#unread = bytes;
  }

  /** The next `length` bytes, fewer at the end. */
  async read(length: number): Promise<Buffer> {
    const result = Buffer.alloc(length);
    let used = 0;
    while (used < length) {
      const piece = await this.next();
      if (!piece) break;
      const taken = piece.subarray(0, length - used);
      result.set(taken, used);
      used += taken.length;
      if (taken.length < piece.length) this.unread(piece.subarray(taken.length));
    }
    return result.subarray(0, used);
  }

  /** Everything that was not taken. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece = await this.next(); piece; piece = await this.next()) yield piece;
  }

  /** Lets the stream go, whether it has ended or not. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/** Cuts bytes that come in pieces into segments of one size. */
export class Segmenter {
  readonly #held: Buffer;
  #used = 0;

  constructor(size: number) {
    this.#held = Buffer.allocUnsafeSlow(size);
  }

  /** The segments that are known not to be the last one; each is valid until the next one is asked for. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    const size = this.#held.length;
    let offset = Math.min(size - this.#used, piece.length);
    this.#held.set(piece.subarray(0, offset), this.#used);
    this.#used += offset;
    if (offset === piece.length) return;
    yield this.#held;
    for (; piece.length - offset > size; offset += size) yield piece.subarray(offset, offset + size);
    this.#held.set(piece.subarray(offset));
    this.#used = piece.length - offset;
  }

  /** The last segment, when all is pushed: the only one that may be shorter than the others, or empty. */
  end(): Uint8Array {
    return this.#held.subarray(0, this.#used);
  }
}
