/**
 * Batches: so many whole chunks of a payload, none of them the last one. They have a known place in plaintext and
 * payload, so they can be sealed and opened in any order and any thread.
 */
import { CHUNK_BYTES, requireChunk, SEALED_CHUNK_BYTES, sealChunk } from './chunk.js';

/** Chunks of one batch. Twice as many, or half as many, are slower. */
export const BATCH_CHUNKS = 16;

/** What becomes of a batch. */
export interface BatchWork {
  readonly inputBytes: number;
  readonly outputBytes: number;
  /**
   * Does one batch.
   *
   * @param key - of the payload
   * @param batch - its place, from 0
   * @param input - exactly `inputBytes`
   * @param into - at least `outputBytes`
   * @throws KmsAsymError `undecryptable`; then `into` holds authentic chunks only
   */
  run(key: Uint8Array, batch: number, input: Uint8Array, into: Uint8Array): void;
}

const PLAIN = BATCH_CHUNKS * CHUNK_BYTES;
const SEALED = BATCH_CHUNKS * SEALED_CHUNK_BYTES;

/** The two things that can become of one. */
export const BATCH_WORK = {
  seal: {
    inputBytes: PLAIN,
    outputBytes: SEALED,
    run: (key, batch, input, into) => {
      for (let n = 0; n < BATCH_CHUNKS; n++) {
        const chunk = input.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
        sealChunk(key, batch * BATCH_CHUNKS + n, false, chunk, into.subarray(n * SEALED_CHUNK_BYTES));
      }
    },
  },
  open: {
    inputBytes: SEALED,
    outputBytes: PLAIN,
    run: (key, batch, input, into) => {
      for (let n = 0; n < BATCH_CHUNKS; n++) {
        const sealed = input.subarray(n * SEALED_CHUNK_BYTES, (n + 1) * SEALED_CHUNK_BYTES);
        requireChunk(key, batch * BATCH_CHUNKS + n, false, sealed, into.subarray(n * CHUNK_BYTES));
      }
    },
  },
} satisfies Record<string, BatchWork>;
