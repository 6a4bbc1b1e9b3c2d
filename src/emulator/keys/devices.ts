/** The devices of an emulator: keys of ProtectionLevel SOFTWARE never live in a token; an imitated HSM serves for both. */
import type { Hsm } from '../hsm/hsm.js';
import { openHsm, type OpenHsmOptions } from '../hsm/open.js';
import type { Devices } from './key-store.js';

/** Opens the device for each protection level; `choice` is as `openHsm` takes it. Rejects as it does. */
export async function openDevices(choice: string, options: OpenHsmOptions): Promise<Devices> {
  const hsm = await openHsm(choice, options);
  if (!hsm.isHardwareBacked) return { HSM: hsm, SOFTWARE: hsm };
  try {
    return { HSM: hsm, SOFTWARE: await openHsm('software', options) };
  } catch (error) {
    await hsm.close();
    throw error;
  }
}

/** Closes each of them once. */
export async function closeDevices(devices: Devices): Promise<void> {
  await Promise.all([...new Set<Hsm>(Object.values(devices))].map((device) => device.close()));
}
