/**
 * Trouble on purpose, for clients that have to live with it. One number of a seeded generator decides about one call,
 * so that the same calls in the same order meet the same trouble.
 */
import { randomInt } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';

/** How much trouble. Shares of calls are from 0 to 1, together at most 1; what is absent does not happen. */
export interface FaultOptions {
  /** Share answered with 429 `Rejected.Throttling`. */
  readonly throttle?: number;
  /** Share answered with 500 `InternalFailure`, not carried out. */
  readonly error500?: number;
  /** Share answered with 503 `ServiceUnavailableTemporary`, not carried out. */
  readonly error503?: number;
  /** Share whose connection closes without an answer: one half before the call is carried out, one half after. */
  readonly drop?: number;
  /** Every answer comes so many milliseconds later; at most a minute. */
  readonly slowMs?: number;
  /** Unsigned integer of 32 bits that decides the sequence; random when absent. */
  readonly seed?: number;
}

/** What happens to one call. */
export type Fault = 'throttle' | 'error500' | 'error503' | 'drop-before' | 'drop-after';

/** Longest delay of an answer. */
const MAX_SLOW_MS = 60_000;

/** Decides about calls, one after the other. */
export class Faults {
  /** Delay of every answer in milliseconds. */
  readonly slowMs: number;
  /** Of the sequence. */
  readonly seed: number;
  readonly #shares: readonly (readonly [fault: Fault, share: number])[];
  readonly #random: () => number;

  /** Throws `KmsAsymError` `usage` for shares that are none, or too large together. */
  constructor(options: FaultOptions) {
    const { throttle = 0, error500 = 0, error503 = 0, drop = 0, slowMs = 0 } = options;
    requireShares({ throttle, error500, error503, drop });
    requireWithin('slow', slowMs, MAX_SLOW_MS);
    this.slowMs = slowMs;
    this.seed = options.seed ?? randomInt(2 ** 32);
    this.#random = generator(this.seed);
    this.#shares = [
      ['throttle', throttle],
      ['error500', error500],
      ['error503', error503],
      ['drop-before', drop / 2],
      ['drop-after', drop / 2],
    ];
  }

  /** What happens to the next call, if anything. */
  draw(): Fault | undefined {
    let rest = this.#random();
    for (const [fault, share] of this.#shares) {
      if (rest < share) return fault;
      rest -= share;
    }
    return undefined;
  }
}

function requireShares(shares: Readonly<Record<string, number>>): void {
  for (const [name, share] of Object.entries(shares)) requireWithin(name, share, 1);
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  // A little more is the rounding of decimal fractions.
  if (sum > 1 + 1e-9) throw new KmsAsymError('usage', 'the shares of faults are together more than 1');
}

function requireWithin(name: string, value: number, max: number): void {
  if (value >= 0 && value <= max) return;
  throw new KmsAsymError('usage', `the fault "${name}" must be from 0 to ${max}`);
}

/** Mulberry32 (Tommy Ettinger, public domain): numbers from 0 (inclusive) to 1 out of 32 bits of state. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
