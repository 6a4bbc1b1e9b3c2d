/** One encryption as `encrypt` sets it up and the formats carry it out. */
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import type { Peeked } from '../io/peek.js';
import type { Context } from './context.js';
import type { EncryptionKeyOptions, NamedKeys } from './encryption-keys.js';

/** What `--format` takes. */
export const FORMATS = ['auto', 'oaep', 'age'] as const;

/** The flags of `encrypt`. */
export interface EncryptOptions extends EncryptionKeyOptions {
  readonly output?: string;
  readonly format: (typeof FORMATS)[number];
  readonly armor?: boolean;
  readonly verify?: boolean;
}

/** Everything opened and checked. */
export interface Encryption {
  readonly keys: NamedKeys;
  readonly input: Input;
  /** The bytes of `input`. */
  readonly plaintext: Peeked;
  readonly output: Output;
  readonly options: EncryptOptions;
  readonly context: Context;
}

/** What was written. */
export interface Encrypted {
  readonly format: 'oaep' | 'age';
  readonly plaintextBytes: number;
  readonly ciphertextBytes: number;
}
