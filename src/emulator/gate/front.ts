/** What callers meet before an action does: credentials, limits, trouble, permissions and TLS, out of the options. */
import { KmsAsymError } from '../../errors.js';
import { Faults } from './faults.js';
import type { ServiceParts } from '../http/handle.js';
import { newAccessKey } from '../keys/identifiers.js';
import type { Emulator, EmulatorOptions } from '../options.js';
import { Permissions } from './permissions.js';
import type { AccessKey } from '../signature/access-key.js';
import { Authenticator } from '../signature/authenticator.js';
import { makeTlsIdentity, readTlsIdentity, type TlsIdentity } from '../tls/identity.js';
import { TokenBucket } from './token-bucket.js';

type FrontParts = 'authenticator' | 'clock' | 'throttle' | 'faults' | 'permissions' | 'onRequest';

/** The front of an emulator. */
export interface Front {
  readonly parts: Pick<ServiceParts, FrontParts>;
  /** What a program that starts the emulator needs for calling it. */
  readonly access: Pick<Emulator, 'accessKeyId' | 'accessKeySecret' | 'securityToken' | 'caPem'>;
  /** Absent for plain HTTP. */
  readonly tls: TlsIdentity | undefined;
}

/** Rejects with `KmsAsymError`: `usage` for options that make no sense, `configuration` for a useless certificate. */
export async function readFront(options: EmulatorOptions): Promise<Front> {
  const { clock = Date.now, deny, onNotice, onRequest } = options;
  const [accessKey = newAccessKey(), ...otherKeys]: readonly AccessKey[] = options.accessKeys ?? [];
  const faults = options.faults && new Faults(options.faults);
  if (faults) onNotice?.(`makes trouble on purpose, with seed ${faults.seed}`);
  const parts = {
    authenticator: new Authenticator([accessKey, ...otherKeys], clock),
    clock,
    throttle: throttleOf(options),
    faults,
    permissions: deny && new Permissions(deny),
    onRequest,
  };
  const tls = await tlsOf(options);
  return { parts, access: accessOf(accessKey, tls), tls };
}

function throttleOf({ qps }: EmulatorOptions): TokenBucket | undefined {
  if (qps === undefined) return undefined;
  if (qps > 0 && qps < Infinity) return new TokenBucket(qps);
  throw new KmsAsymError('usage', 'the limit of calls per second must be more than 0');
}

async function tlsOf({ tls = false }: EmulatorOptions): Promise<TlsIdentity | undefined> {
  if (tls === false) return undefined;
  return tls === true ? makeTlsIdentity() : readTlsIdentity(tls);
}

function accessOf({ id, secret, securityToken }: AccessKey, tls: TlsIdentity | undefined): Front['access'] {
  return {
    accessKeyId: id,
    accessKeySecret: secret,
    ...(securityToken !== undefined && { securityToken }),
    ...(tls?.caPem !== undefined && { caPem: tls.caPem }),
  };
}
