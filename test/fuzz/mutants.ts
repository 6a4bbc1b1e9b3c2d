/** Good inputs that were damaged: what a parser of foreign bytes has to expect. Shrinks to the least damage that shows. */
import fc from 'fast-check';

/** One change of the bytes; places are shares of a million, so that they fit inputs of every length. */
type Edit = (bytes: Buffer) => Buffer;

const MILLION = 1_000_000;
const place = fc.nat(MILLION - 1);
const at = (share: number, bytes: Buffer): number => Math.floor((share / MILLION) * (bytes.length + 1));

/** Replaces `length` bytes. */
function splice(bytes: Buffer, start: number, length: number, insert: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + length)]);
}

function edit(seeds: readonly Buffer[], tokens: readonly string[]): fc.Arbitrary<Edit> {
  const words = fc.constantFrom(...tokens).map((token) => Buffer.from(token, 'latin1'));
  const length = fc.oneof({ weight: 3, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(400) });
  return fc.oneof(
    fc.tuple(place, fc.nat(7)).map(([share, bit]): Edit => {
      return (bytes) => {
        const changed = Buffer.from(bytes);
        const index = at(share, bytes);
        if (index < changed.length) changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        return changed;
      };
    }),
    fc.tuple(place, length, words).map(
      ([share, count, word]): Edit =>
        (bytes) =>
          splice(bytes, at(share, bytes), count % 3, word),
    ),
    fc.tuple(place, fc.uint8Array({ maxLength: 8 })).map(
      ([share, noise]): Edit =>
        (bytes) =>
          splice(bytes, at(share, bytes), 0, noise),
    ),
    fc.tuple(place, length).map(
      ([share, count]): Edit =>
        (bytes) =>
          splice(bytes, at(share, bytes), count, Buffer.alloc(0)),
    ),
    fc.tuple(place, place, length).map(([from, to, count]): Edit => {
      return (bytes) => {
        const start = at(from, bytes);
        return splice(bytes, at(to, bytes), 0, bytes.subarray(start, start + count));
      };
    }),
    fc.tuple(place, fc.nat(seeds.length - 1), place).map(([share, other, from]): Edit => (bytes) => {
      const seed = seeds[other] ?? bytes;
      return Buffer.concat([bytes.subarray(0, at(share, bytes)), seed.subarray(at(from, seed))]);
    }),
    place.map(
      (share): Edit =>
        (bytes) =>
          bytes.subarray(0, at(share, bytes)),
    ),
  );
}

/**
 * Seeds with up to six changes, and now and then noise.
 *
 * @param seeds - good inputs, at least one
 * @param tokens - what the grammar is made of, at least one
 */
export function mutants(seeds: readonly Buffer[], tokens: readonly string[]): fc.Arbitrary<Buffer> {
  const damaged = fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit(seeds, tokens), { maxLength: 6 }))
    .map(([seed, edits]) => edits.reduce((bytes, change) => change(bytes), seed));
  const noise = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ weight: 30, arbitrary: damaged }, { weight: 1, arbitrary: noise });
}
