/** One decryption as `decrypt` sets it up and the formats carry it out. */
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import type { Peeked } from '../io/peek.js';
import type { MakeIdentities } from './age-identities.js';
import type { Context } from './context.js';
import type { BatchOptions } from './batch/options.js';
import type { DemandOptions, KeyDemand } from './key-demand.js';
import type { KeySource } from './key-source.js';
import type { KmsClients } from './kms-clients.js';
import type { GlobalOptions } from './options.js';

/** The flags of `decrypt`. */
export interface DecryptOptions extends GlobalOptions, DemandOptions, BatchOptions {
  readonly output?: string;
  /** Files of age identities. */
  readonly identity?: readonly string[];
  /** Of raw ciphertext; age files name theirs. */
  readonly algorithm?: string;
}

/** What all decryptions of a run share: connections are kept, and keys are read by the first file that needs them. */
export interface DecryptionRun {
  readonly options: DecryptOptions;
  readonly context: Context;
  readonly clients: KmsClients;
  /** What opens age files: what is known of their KMS keys, and the identities of `-i` in place of those. */
  ageKeys?: { readonly demand: KeyDemand; readonly identities: MakeIdentities | undefined };
  /** What opens raw ciphertext. */
  oaepKey?: KeySource;
}

/** One of them, opened and checked. */
export interface Decryption {
  readonly run: DecryptionRun;
  readonly input: Input;
  /** The bytes of `input`. */
  readonly ciphertext: Peeked;
  readonly output: Output;
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
