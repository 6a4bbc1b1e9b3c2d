/**
 * Memory that is given back at once. node:crypto allocates every result; left to the garbage collector, tens of
 * megabytes pile up before it comes, none of them in the processor's caches when it is their turn again. That costs a
 * fifth of the time of a large file, and most of the memory.
 */

type Transfer = (this: ArrayBufferLike, length: number) => ArrayBuffer;
type Discard = (buffers: readonly ArrayBuffer[]) => void;

const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer };

/**
 * Without `transfer`, the first megabyte is the garbage collector's: loading other means takes as long as they would save
 * there.
 */
let left = transfer ? 0 : 1024 * 1024;
let discard: Discard | undefined;

/** Gives up memory that nobody will touch again: it is empty afterwards. Parts of larger memory are left alone. */
export function reclaim(results: readonly Uint8Array[]): void {
  const buffers: ArrayBuffer[] = [];
  for (const { buffer, byteLength } of results) {
    if (byteLength === 0 || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) continue;
    if (left > 0) left -= byteLength;
    else buffers.push(buffer);
  }
  if (buffers.length > 0) (discard ??= findDiscard())(buffers);
}

function findDiscard(): Discard {
  if (transfer) {
    return (buffers) => {
      for (const buffer of buffers) transfer.call(buffer, 0);
    };
  }
  // Node 20 lacks it. What is transferred to a closed port is freed on the way.
  const { port1 } = new MessageChannel();
  port1.close();
  return (buffers) => {
    port1.postMessage(undefined, buffers);
  };
}
