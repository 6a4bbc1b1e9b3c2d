/** What `rewrap` is asked to do, what the files of a run share, and what became of each. */
import type { RewrapPlan } from '../../age/rewrap.js';
import type { AgeRecipientOptions } from '../age-recipients.js';
import type { Context } from '../context.js';
import type { DecryptionRun } from '../decryption.js';
import type { NamedKey } from '../encryption-keys.js';
import type { KeyOptions } from '../key-source.js';
import type { KmsClients } from '../kms-clients.js';
import type { GlobalOptions } from '../options.js';
import type { RecipientDescription } from '../recipient-description.js';

/** The flags of `rewrap`. */
export interface RewrapOptions extends GlobalOptions, KeyOptions, AgeRecipientOptions {
  /** Public key files of the new keys. */
  readonly to?: readonly string[];
  /** Fingerprints that the new keys must have. */
  readonly expectFingerprint?: readonly string[];
  /** Files of age identities that open the old header. */
  readonly identity?: readonly string[];
  readonly add?: boolean;
  readonly fresh?: boolean;
  readonly check?: boolean;
  readonly verify?: boolean;
  readonly output?: string;
  readonly qps?: number;
  readonly jobs?: number;
}

/** What the files of a run share. */
export interface RewrapRun {
  readonly options: RewrapOptions;
  readonly context: Context;
  readonly clients: KmsClients;
  /** The keys of `--to`, each once. */
  readonly keys: readonly NamedKey[];
  readonly plan: RewrapPlan;
  /** How old headers are opened. */
  readonly decryption: DecryptionRun;
}

/** What became of a file; the members of the object that `--json` prints. */
export interface Rewrapped {
  /** `skipped` is what a directory holds beside age files. */
  readonly Status: 'rewrapped' | 'unchanged' | 'skipped';
  readonly Format?: 'age' | 'oaep';
  readonly Encoding?: 'raw' | 'base64' | 'binary' | 'armor';
  /** `in place`: only the first bytes of the file were written. */
  readonly Method?: 'in place' | 'copied';
  /** Whom it is for now. */
  readonly Recipients?: readonly RecipientDescription[];
  /** The KMS key that opened it. */
  readonly OpenedBy?: {
    readonly KeyId: string | undefined;
    readonly KeyVersionId: string | undefined;
    readonly Region: string | undefined;
    readonly RequestId: string | undefined;
  };
}
