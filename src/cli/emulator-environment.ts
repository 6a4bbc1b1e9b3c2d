/** The environment in which everything that speaks to KMS speaks to an emulator, and to nothing else. */
import type { Emulator } from '../emulator/options.js';

/** Would lead requests, or their signatures, elsewhere. Also set in lower case by some. */
const MISLEADING = [
  'ALIBABA_CLOUD_SECURITY_TOKEN',
  'ALIBABA_CLOUD_PROFILE',
  'ALIBABACLOUD_PROFILE',
  'ALICLOUD_PROFILE',
  'ALIBABA_CLOUD_ROLE_ARN',
  'ALIBABA_CLOUD_CREDENTIALS_URI',
  'ALIBABA_CLOUD_CREDENTIALS_FILE',
  'ALIBABA_CLOUD_ENDPOINT',
  'KMS_ASYM_KEY_ID',
  'KMS_ASYM_KEY_VERSION_ID',
  'KMS_ASYM_PUBLIC_KEY',
  'KMS_ASYM_CA_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
] as const;

/**
 * `inherited` without what would mislead, with the emulator's endpoint, region and credentials.
 *
 * @param caFile - holds the authority to trust, for an emulator that has one
 */
export function emulatorEnvironment(
  emulator: Emulator,
  inherited: NodeJS.ProcessEnv,
  caFile?: string,
): NodeJS.ProcessEnv {
  const dropped = new Set<string>(MISLEADING);
  const kept = Object.entries(inherited).filter(([name]) => !dropped.has(name.toUpperCase()));
  return {
    ...Object.fromEntries(kept),
    KMS_ASYM_ENDPOINT: emulator.endpoint,
    ALIBABA_CLOUD_REGION_ID: emulator.region,
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    ...(emulator.securityToken !== undefined && { ALIBABA_CLOUD_SECURITY_TOKEN: emulator.securityToken }),
    ...(caFile !== undefined && { KMS_ASYM_CA_FILE: caFile }),
  };
}
