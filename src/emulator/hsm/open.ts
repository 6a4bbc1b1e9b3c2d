/** Chooses and opens the HSM an emulator keeps its keys in. */
import { join } from 'node:path';
import { KmsAsymError } from '../../errors.js';
import type { Hsm } from './hsm.js';
import { openSoftwareHsm } from './software.js';

/** Surroundings of an HSM. */
export interface OpenHsmOptions {
  /** Directory for keys that survive a restart; without it they end with the process. */
  readonly stateDir?: string | undefined;
  /** Told, one line each, what a person should know about the choice made. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

/**
 * Opens the HSM named by `choice`: `auto` (SoftHSM when it is there, else software), `softhsm`, `software` or a
 * `pkcs11:` URI (RFC 7512). `KmsAsymError` `usage` for another choice, `emulator` when the device cannot be used.
 */
export async function openHsm(choice: string, options: OpenHsmOptions = {}): Promise<Hsm> {
  switch (choice) {
    case 'auto':
    case 'software':
      return openSoftware(options);
    default:
      throw new KmsAsymError('usage', `unknown HSM "${choice}"`, {
        hints: ['choose auto, softhsm, software or a pkcs11: URI'],
      });
  }
}

function openSoftware({ stateDir }: OpenHsmOptions): Promise<Hsm> {
  return openSoftwareHsm({ directory: stateDir === undefined ? undefined : join(stateDir, 'software-keys') });
}
