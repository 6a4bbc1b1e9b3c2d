/** The RAM role of the ECS instance that the program runs on. */

import { readFileSync } from 'node:fs';
import { ECSRAMRoleCredentialsProvider } from '@alicloud/credentials';
import type { CredentialProvider } from './credentials.js';
import { isOn } from '../environment.js';
import { type Surroundings, vendorProvider } from './vendor-provider.js';

/** What the firmware calls the machine; `Alibaba Cloud ECS` on instances. */
const PRODUCT_NAME = '/sys/class/dmi/id/product_name';

/** The variable that says not to ask it. */
export const METADATA_SWITCH = 'ALIBABA_CLOUD_ECS_METADATA_DISABLED';

/** True where the environment says not to ask it. */
export function isMetadataOff(env: NodeJS.ProcessEnv): boolean {
  return isOn(env[METADATA_SWITCH]);
}

/**
 * True on hardware that says it is no ECS instance: nothing is asked there, which is quick, and keeps whoever plays the
 * metadata service on a strange network from handing out an identity. Where the hardware does not say, false.
 *
 * @param productName - the file in which the firmware says it
 */
export function isOtherHardware(productName = PRODUCT_NAME): boolean {
  if (process.platform === 'darwin') return true;
  try {
    return !readFileSync(productName, 'latin1').includes('Alibaba');
  } catch {
    return false;
  }
}

/** The provider; `roleName` where it is known, which saves asking for it. */
export function instanceRole(roleName: string | undefined, surroundings: Surroundings): CredentialProvider {
  const builder = ECSRAMRoleCredentialsProvider.builder().withDisableIMDSv1(
    isOn(surroundings.env['ALIBABA_CLOUD_IMDSV1_DISABLED']),
  );
  if (roleName !== undefined) builder.withRoleName(roleName);
  return vendorProvider('the role of this ECS instance', () => builder.build(), surroundings);
}
