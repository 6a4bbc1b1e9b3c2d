/**
 * A regular file in segments of one size, by one plain loop: in a short run whatever is done for each of them is done for
 * the first time, and layers of streams take longer than the cipher.
 */
import fs from 'node:fs';
import { createReadBuffer, WRITTEN } from './descriptor.js';
import { readRegion } from './file-region.js';
import type { InputFile } from './input.js';
import { becameShorter } from './system-error.js';
import { Turn } from './turn.js';

/**
 * Takes all segments from a position to the end of file, wherever that is by then.
 *
 * @param size - bytes of every segment but the last one, which may be shorter, and is empty only when it is the first
 * @param take - gets each in its order, valid until it has settled
 * @throws KmsAsymError `read-failed`, also when the file became shorter than it was; and what `take` throws
 */
export async function eachSegment(
  file: InputFile,
  position: number,
  size: number,
  take: (segment: Uint8Array, last: boolean) => Promise<void>,
): Promise<void> {
  const region = { ...file, position };
  const turn = new Turn();
  let memory = createReadBuffer(size);
  let spare: Buffer | undefined;
  let length = readRegion(region, 0, memory);
  for (let offset = length; ;) {
    const next: Buffer = spare ?? createReadBuffer(length < size ? 0 : size);
    const more = length < size ? 0 : readRegion(region, offset, next);
    if (more === 0 && fs.fstatSync(file.fd).size < file.size) throw becameShorter(file.subject);
    const taken = take(memory.subarray(0, length), more === 0);
    if (taken !== WRITTEN) await taken;
    if (more === 0) return;
    [memory, spare] = [next, memory];
    length = more;
    offset += more;
    if (turn.isOver) await turn.pass();
  }
}
