/** Bytes that come in pieces of any size, and a reader that takes some from the front and leaves the rest. */

/** Pieces of any size, empty ones too; each is only read until the next one is asked for. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Part of a stream, as {@link segments} cuts it. */
export interface Segment {
  /** Valid until the next segment is asked for. */
  readonly bytes: Uint8Array;
  /** True for the last segment, the only one that may be shorter than the others, or empty. */
  readonly last: boolean;
}

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

/**
 * Cuts a stream into segments of `size` bytes. One segment is held back until it is known whether more follows; an
 * empty stream is one empty last segment.
 */
export async function* segments(stream: ByteStream, size: number): AsyncGenerator<Segment> {
  const segmenter = new Segmenter(size);
  for await (const piece of stream) {
    for (const bytes of segmenter.push(piece)) yield { bytes, last: false };
  }
  yield { bytes: segmenter.end(), last: true };
}

/** What {@link segments} does, piece by piece. */
export class Segmenter {
  readonly #held: Buffer;
  #used = 0;

  constructor(private readonly size: number) {
    this.#held = Buffer.allocUnsafeSlow(size);
  }

  /** The segments that are known not to be the last; each is valid until the next, and no longer than `piece`. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    let offset = Math.min(this.size - this.#used, piece.length);
    this.#held.set(piece.subarray(0, offset), this.#used);
    this.#used += offset;
    if (offset === piece.length) return;
    yield this.#held;
    for (; piece.length - offset > this.size; offset += this.size) {
      yield piece.subarray(offset, offset + this.size);
    }
    this.#held.set(piece.subarray(offset));
    this.#used = piece.length - offset;
  }

  /** The last segment. */
  end(): Uint8Array {
    return this.#held.subarray(0, this.#used);
  }
}
