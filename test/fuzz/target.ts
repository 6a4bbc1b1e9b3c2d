/** What is fuzzed: a reader of foreign bytes, and what must be true of whatever it accepts. */
import { KmsAsymError } from '../../src/errors.js';

/** One reader. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are accepted as they are. */
  readonly seeds: readonly Buffer[];
  /** Words of its grammar. */
  readonly tokens: readonly string[];
  /**
   * Reads the input, and fails when that breaks a promise.
   *
   * @returns whether the input was accepted; refusing it with an error for users is as good
   */
  readonly accepts: (input: Buffer) => Promise<boolean> | boolean;
}

/** What `read` returns, or `undefined` when it refuses with an error for users; anything else that is thrown is a bug. */
export async function readOrRefuse<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KmsAsymError) || error.code === 'unexpected') throw error;
    return undefined;
  }
}
