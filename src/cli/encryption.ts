/** One encryption as `encrypt` sets it up and the formats carry it out. */
import type { Input } from '../io/input.js';
import type { Output } from '../io/output.js';
import type { Peeked } from '../io/peek.js';
import type { Context } from './context.js';
import type { Recipient } from '../age/recipient.js';
import type { AgeRecipientOptions } from './age-recipients.js';
import type { BatchOptions } from './batch/options.js';
import type { EncryptionKeyOptions, NamedKey } from './encryption-keys.js';
import type { KmsClients } from './kms-clients.js';
import type { RecipientDescription } from './recipient-description.js';

/** What `--format` takes. */
export const FORMATS = ['auto', 'oaep', 'age'] as const;

/** The flags of `encrypt`. */
export interface EncryptOptions extends EncryptionKeyOptions, AgeRecipientOptions, BatchOptions {
  readonly output?: string;
  readonly format: (typeof FORMATS)[number];
  readonly armor?: boolean;
  readonly verify?: boolean;
}

/** What all encryptions of a run share. */
export interface EncryptionRun {
  /** The KMS keys. */
  readonly keys: readonly NamedKey[];
  /** The others. */
  readonly recipients: readonly Recipient[];
  readonly options: EncryptOptions;
  readonly context: Context;
  readonly clients: KmsClients;
}

/** One of them, opened and checked. */
export interface Encryption extends EncryptionRun {
  readonly input: Input;
  /** The bytes of `input`. */
  readonly plaintext: Peeked;
  readonly output: Output;
}

/** What was written; the members of the object that `--json` prints. */
export interface Encrypted {
  readonly Format: 'oaep' | 'age';
  readonly Recipients: readonly RecipientDescription[];
  readonly PlaintextBytes: number;
  readonly CiphertextBytes: number;
}
