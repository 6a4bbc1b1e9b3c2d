/** A look at the first bytes of a stream before anybody decides what to do with it; nothing is lost by looking. */

import type { Pieces, PieceSource } from './pieces.js';

/** A stream whose first bytes can be looked at. */
export class Peeked {
  readonly #chunks: Pieces;
  readonly #seen: Uint8Array[] = [];
  #seenBytes = 0;
  #ended = false;

  constructor(chunks: PieceSource) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The first `maxBytes` of the stream, and whether there is more. Holds no more than that and one chunk.
   * Rejects as the stream does.
   */
  async peek(maxBytes: number): Promise<{ bytes: Buffer; truncated: boolean }> {
    while (this.#seenBytes <= maxBytes && !this.#ended) {
      const result: IteratorResult<Uint8Array, unknown> = await this.#chunks.next();
      this.#ended = result.done === true;
      if (result.done === true) break;
      // Copied: whoever yields chunks may fill the same memory again.
      this.#seen.push(Buffer.from(result.value));
      this.#seenBytes += result.value.length;
    }
    const bytes = Buffer.concat(this.#seen, Math.min(this.#seenBytes, maxBytes));
    return { bytes, truncated: this.#seenBytes > maxBytes };
  }

  /** The whole stream from its first byte. May be called once. */
  chunks(): PieceSource {
    const iterator: Pieces = {
      nextNow: () => this.#seen.shift() ?? this.#chunks.nextNow?.(),
      next: () => {
        const value = this.#seen.shift();
        return value ? Promise.resolve({ value }) : this.#chunks.next();
      },
      return: async () => {
        await this.#chunks.return?.();
        return { value: undefined, done: true };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }
}
