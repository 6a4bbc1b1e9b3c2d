/**
 * Devices and metadata brought together after a crash. A key is made in the device first and recorded then, and is
 * struck from the record first and destroyed then; so a device may hold keys that no record names, and those go. A
 * record without its key cannot come from a crash, and is an error.
 */
import { KmsAsymError } from '../../errors.js';
import type { Hsm } from '../hsm/hsm.js';
import type { KeyRecord } from '../keys/key-record.js';
import type { Devices } from '../keys/key-store.js';

/**
 * Destroys what no record names, in each device among the keys of its owner alone; returns how many those were.
 * `KmsAsymError` `emulator` when a private half is missing; then nothing was destroyed.
 */
export async function reconcile(records: readonly KeyRecord[], devices: Devices): Promise<number> {
  const unnamed = new Map<Hsm, Set<string>>();
  for (const device of Object.values(devices)) unnamed.set(device, new Set(await device.keys()));
  for (const { keyId, protectionLevel, versions } of records) {
    for (const { keyVersionId, hsmRef } of versions) {
      if (unnamed.get(devices[protectionLevel])?.delete(hsmRef)) continue;
      throw missing(keyId, keyVersionId, devices[protectionLevel]);
    }
  }
  let count = 0;
  for (const [device, refs] of unnamed) {
    for (const ref of refs) await device.destroyKey(ref);
    count += refs.size;
  }
  return count;
}

function missing(keyId: string, keyVersionId: string, { description }: Hsm): KmsAsymError {
  return new KmsAsymError(
    'emulator',
    `version "${keyVersionId}" of key "${keyId}" is recorded, but its private key is not in ${description}`,
    { hints: ['bring the whole state directory back from one backup, or use another state directory'] },
  );
}
