/** The loop of a large file: piece after piece is taken, made into something else, and written. */
import type { ByteReader } from '../age/byte-stream.js';
import { WRITTEN } from '../io/descriptor.js';

/**
 * Takes all pieces. Waits only where there is something to wait for: a turn for each of a gigabyte's pieces would take a
 * tenth of the time.
 *
 * @param make - what becomes of a piece; each part is valid until the next is asked for
 * @throws KmsAsymError as reading, making and writing do
 */
export async function pump(
  pieces: ByteReader,
  make: (piece: Uint8Array) => Iterable<Uint8Array>,
  write: (part: Uint8Array) => Promise<void>,
): Promise<void> {
  for (;;) {
    const piece = pieces.nextNow() ?? (await pieces.next());
    if (!piece) return;
    for (const part of make(piece)) {
      const written = write(part);
      if (written !== WRITTEN) await written;
    }
  }
}
