/** One decryption as `decrypt` sets it up and the formats carry it out. */
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import type { Peeked } from '../io/peek.js';
import type { Context } from './context.js';
import type { DemandOptions } from './key-demand.js';
import type { GlobalOptions } from './options.js';

/** The flags of `decrypt`. */
export interface DecryptOptions extends GlobalOptions, DemandOptions {
  readonly output?: string;
  /** Files of age identities. */
  readonly identity?: readonly string[];
  /** Of raw ciphertext; age files name theirs. */
  readonly algorithm?: string;
}

/** Everything opened and checked. */
export interface Decryption {
  readonly input: Input;
  /** The bytes of `input`. */
  readonly ciphertext: Peeked;
  readonly output: Output;
  readonly options: DecryptOptions;
  readonly context: Context;
}

/** What was written, and which key opened it; the members of the object that `--json` prints. */
export interface Decrypted {
  readonly Format: 'oaep' | 'age';
  readonly Encoding: 'raw' | 'base64' | 'binary' | 'armor';
  readonly Algorithm: string | undefined;
  readonly KeyId: string | undefined;
  readonly KeyVersionId: string | undefined;
  readonly Region: string | undefined;
  readonly CiphertextBytes: number;
  readonly PlaintextBytes: number;
  readonly RequestId: string | undefined;
}
