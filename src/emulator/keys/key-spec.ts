/** The key specs of the service: which the emulator has, and what each may be used for. */
import { EC_KEY_SPECS, type EcKeySpec, RSA_KEY_SPECS, type RsaKeySpec } from '../../crypto/algorithms.js';
import type { HsmKeyType } from '../hsm/hsm.js';

/** What a key is for. */
export type KeyUsage = 'ENCRYPT/DECRYPT' | 'SIGN/VERIFY';

/** All usages. */
export const KEY_USAGES: readonly KeyUsage[] = ['ENCRYPT/DECRYPT', 'SIGN/VERIFY'];

/** A key spec that the emulator has; its HSM key type has the same name. */
export type KeySpec = (RsaKeySpec | EcKeySpec) & HsmKeyType;

/** Names of the specs that the emulator has. */
export const KEY_SPECS: readonly KeySpec[] = [
  ...(Object.keys(RSA_KEY_SPECS) as RsaKeySpec[]),
  ...(Object.keys(EC_KEY_SPECS) as EcKeySpec[]),
];

/** Names of the service's specs that the emulator does not imitate. */
export const FOREIGN_KEY_SPECS: readonly string[] = [
  'EC_SM2',
  'Aliyun_AES_256',
  'Aliyun_AES_192',
  'Aliyun_AES_128',
  'Aliyun_SM4',
];

/** What algorithms a key is for: RSA keys encrypt or sign, EC keys sign only. */
export type KeyFamily = 'rsa' | 'ec';

/** The family of a spec. */
export function keyFamily(spec: KeySpec): KeyFamily {
  return Object.hasOwn(RSA_KEY_SPECS, spec) ? 'rsa' : 'ec';
}
