/** Bytes that come in pieces of any size: taken from the front, or cut into segments of one size. */

/** Pieces of any size, empty ones too; each is only read until the next one is asked for. */
export type ByteStream = { [Symbol.asyncIterator](): AsyncPieces } | Iterable<Uint8Array>;

/** An asynchronous iterator, which may give the next piece at once if it is there already. */
interface AsyncPieces extends AsyncIterator<Uint8Array, unknown> {
  nextNow?(): Uint8Array | undefined;
}

/** Takes pieces from the front of a stream; whoever made the reader closes it. */
export class ByteReader {
  readonly #pieces: AsyncPieces | Iterator<Uint8Array>;
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

  /** The next piece, if it is there already; `undefined` says nothing: then {@link ByteReader.next} has to be asked. */
  nextNow(): Uint8Array | undefined {
    if (this.#unread || !('nextNow' in this.#pieces)) return undefined;
    return this.#pieces.nextNow();
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

const NOTHING = new Uint8Array(0);

/** Cuts bytes that come in pieces into segments of one size. */
export class Segmenter {
  readonly #size: number;
  readonly #memory: Buffer;
  /** What may be the last segment, or its beginning. */
  #held: Uint8Array = NOTHING;
  /** What is not taken yet of the piece that came last. */
  #piece: Uint8Array = NOTHING;

  /** @param lasting - a piece stays as it is until the next one was taken, so one that is a segment is not copied */
  constructor(
    size: number,
    private readonly lasting = false,
  ) {
    this.#size = size;
    this.#memory = Buffer.allocUnsafeSlow(size);
  }

  /** Gives the next piece, when {@link Segmenter.next} has no more of the one before. */
  push(piece: Uint8Array): void {
    this.#piece = piece;
  }

  /** The next segment that is known not to be the last one, if there is one; valid until this is called again. */
  next(): Uint8Array | undefined {
    const size = this.#size;
    while (this.#piece.length > 0) {
      if (this.#held.length === size) return this.#release();
      if (this.#held.length === 0 && this.#piece.length > size) return this.#take(size);
      this.#hold(this.#take(size - this.#held.length));
    }
    return undefined;
  }

  /** The last segment, when all is taken: the only one that may be shorter than the others, or empty. */
  end(): Uint8Array {
    return this.#held;
  }

  #take(bytes: number): Uint8Array {
    const taken = this.#piece.subarray(0, bytes);
    this.#piece = this.#piece.subarray(taken.length);
    return taken;
  }

  #release(): Uint8Array {
    const segment = this.#held;
    this.#held = NOTHING;
    return segment;
  }

  #hold(bytes: Uint8Array): void {
    const used = this.#held.length;
    if (this.lasting && bytes.length === this.#size) this.#held = bytes;
    else {
      this.#memory.set(bytes, used);
      this.#held = this.#memory.subarray(0, used + bytes.length);
    }
  }
}
