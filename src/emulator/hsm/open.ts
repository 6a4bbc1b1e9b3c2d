/** Chooses and opens the HSM an emulator keeps its keys in. */
import { join } from 'node:path';
import { KmsAsymError } from '../../errors.js';
import type { Hsm } from './hsm.js';
import { openPkcs11Hsm } from './pkcs11.js';
import { findSoftHsm, openSoftHsm } from './softhsm.js';
import { openSoftwareHsm } from './software.js';

/** Surroundings of an HSM. */
export interface OpenHsmOptions {
  /** Directory for keys that survive a restart; without it they end with the process. */
  readonly stateDir?: string | undefined;
  /** Whose keys the device lists, and what it labels new ones with: 32 hexadecimal digits. */
  readonly owner?: string | undefined;
  /** Told, one line each, what a person should know about the choice made. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

/**
 * Opens the HSM named by `choice`: `auto` (SoftHSM when it is there, else software), `softhsm`, `software` or a
 * `pkcs11:` URI (RFC 7512). `KmsAsymError` `usage` for another choice, `emulator` when the device cannot be used.
 */
export async function openHsm(choice: string, options: OpenHsmOptions = {}): Promise<Hsm> {
  if (choice.startsWith('pkcs11:')) return openPkcs11Hsm(choice, options.owner);
  switch (choice) {
    case 'auto':
      return openHsm(await chooseHsm(options.onNotice), options);
    case 'softhsm':
      return openSoftHsm(options.stateDir, options.owner);
    case 'software':
      return openSoftware(options);
    default:
      // A mistyped URI may hold a PIN.
      throw new KmsAsymError('usage', /^\w{1,20}$/.test(choice) ? `unknown HSM "${choice}"` : 'unknown HSM', {
        hints: ['choose auto, softhsm, software or a pkcs11: URI'],
      });
  }
}

/**
 * What `auto` stands for here. Only a SoftHSM that is not there is replaced: trouble with one that is would hide the
 * keys it holds.
 */
export async function chooseHsm(onNotice?: (line: string) => void): Promise<'softhsm' | 'software'> {
  try {
    await findSoftHsm();
    return 'softhsm';
  } catch (error) {
    if (!(error instanceof KmsAsymError)) throw error;
    onNotice?.(`keys are kept in software, not in an HSM: ${error.message}`);
    return 'software';
  }
}

function openSoftware({ stateDir }: OpenHsmOptions): Promise<Hsm> {
  return openSoftwareHsm({ directory: stateDir === undefined ? undefined : join(stateDir, 'software-keys') });
}
