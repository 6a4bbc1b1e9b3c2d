/** Kinds of bad input: what is tried, and how it may end. */
import fc from 'fast-check';
import { mutants } from '../../fuzz/mutants.js';

/** Where the result of a run would go. */
export const OUT = ['-o', '@/out/result'];

/** One run with a bad input. */
export interface Attempt {
  readonly title: string;
  /** `@/` stands for the directory of the run, `out/` in it for where results go. */
  readonly argv: readonly string[];
  /** Files in that directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string | Uint8Array;
}

/** Inputs of one kind, with their row in the table. */
export interface Kind {
  /** As the table names it. */
  readonly name: string;
  /** The exit statuses that come of it, each at least once; 0 only where a damage may leave all of value whole. */
  readonly ends: readonly number[];
  readonly attempts: readonly Attempt[];
  /** What stdout has to be where an attempt ends with 0. */
  readonly whole?: string;
}

/**
 * Damaged copies of good inputs, the same ones in every run for the same seeds.
 *
 * @param isBad - whether it is still bad; all that differ, unless given
 */
export function damaged(
  count: number,
  seeds: readonly (string | Uint8Array)[],
  tokens: readonly string[],
  isBad: (bytes: Buffer) => boolean = () => true,
): Buffer[] {
  const good = seeds.map((seed) => Buffer.from(seed));
  const drawn = fc.sample(mutants(good, tokens), { seed: 1, numRuns: 4 * count });
  return drawn.filter((bytes) => !good.some((seed) => seed.equals(bytes)) && isBad(bytes)).slice(0, count);
}

/** The input cut short, in so many places. */
export function cuts(seed: string | Uint8Array, count: number): Buffer[] {
  const bytes = Buffer.from(seed);
  return Array.from({ length: count }, (_, index) =>
    Buffer.from(bytes.subarray(0, Math.floor((index * bytes.length) / count))),
  );
}

/** The input with one bit changed, in so many places. */
export function flips(seed: Uint8Array, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.from(seed);
    const place = Math.floor((index * bytes.length) / count);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << (index % 8));
    return bytes;
  });
}

/** One attempt for each input, which is the file `input` of its run. */
export function withInput(
  inputs: readonly (string | Uint8Array)[],
  argv: readonly string[],
  others: Omit<Attempt, 'title' | 'argv'> = {},
): Attempt[] {
  return inputs.map((input, index) => ({
    title: `${argv.join(' ')} #${index}: ${JSON.stringify(Buffer.from(input).toString('latin1').slice(0, 200))}`,
    argv,
    ...others,
    files: { ...others.files, input },
  }));
}
