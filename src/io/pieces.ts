/** Bytes that come in pieces: an asynchronous iterator that may have the next piece at once, without a turn of its own. */

/** An iterator as `for await` takes it, and a shortcut for whoever reads gigabytes. */
export interface Pieces extends AsyncIterator<Uint8Array, unknown> {
  /**
   * The next piece, if it is there already; throws what `next` would reject with. `undefined` says nothing, not even that
   * there is none: then `next` has to be asked.
   */
  nextNow?(): Uint8Array | undefined;
}

/** What pieces are taken from. */
export interface PieceSource {
  [Symbol.asyncIterator](): Pieces;
}
