/** What the checks of `doctor` know and find out; each leaves here what later ones build upon. */
import type { PublicKey } from '../../crypto/public-key.js';
import { serviceCodeOf, type KmsAsymError } from '../../errors.js';
import type { KeyMetadata, KmsClient, KmsClientOptions } from '../../kms/client.js';
import { createKmsClient } from '../../kms/connect.js';
import type { Connection, Probe } from '../../kms/probe.js';
import type { Context } from '../context.js';
import type { KeyOptions, NamedPublicKeyFile } from '../key-source.js';
import type { GlobalOptions } from '../options.js';

/** Options of the subcommand. */
export interface DoctorOptions extends GlobalOptions, KeyOptions {}

/** State of one run; members are missing until a check has filled them in. */
export interface Examination {
  readonly options: DoctorOptions;
  readonly context: Context;
  file?: NamedPublicKeyFile;
  keyId?: string;
  keyVersionId?: string;
  client?: KmsClientOptions;
  probe?: Probe;
  kms?: KmsClient;
  connection?: Connection;
  hasCredentials?: boolean;
  isAccepted?: boolean;
  key?: KeyMetadata;
  publicKey?: PublicKey;
  /** Calls that were answered with `Forbidden.NoPermission`. */
  readonly denied: KmsAsymError[];
  /** True when nothing can be known about the key although it may be there. */
  isHidden?: boolean;
}

/** One check. */
export interface Check {
  readonly name: string;
  /** Why the check cannot be made; `undefined` when it can. */
  readonly blocked: (examination: Examination) => string | undefined;
  /** What is the case; rejects with a `KmsAsymError` that says what is wrong. */
  readonly run: (examination: Examination) => Promise<string>;
}

/** True when a call failed only because it is not allowed, so that others may well succeed. */
export function isDenied(error: unknown): error is KmsAsymError {
  return serviceCodeOf(error) === 'Forbidden.NoPermission';
}

/** True when the endpoint does not offer the action: dedicated gateways know only what works with key material. */
export function isUnavailable(error: unknown): error is KmsAsymError {
  return /^(InvalidApi\.NotFound|UnsupportedOperation|InvalidAction\b.*)$/.test(serviceCodeOf(error) ?? '');
}

/** The client of the examination, made when it is first needed; only for checks behind those that say it can be. */
export async function openClient(examination: Examination): Promise<KmsClient> {
  const { client } = examination;
  if (client === undefined) throw new TypeError('checked before');
  examination.kms ??= await createKmsClient(client);
  return examination.kms;
}
