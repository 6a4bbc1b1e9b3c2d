/** Seeds made real: private halves into the devices first, then all records at once. */
import { encodeBase64 } from '../../crypto/encoding.js';
import { KmsAsymError } from '../../errors.js';
import type { Clock } from '../clock.js';
import type { Hsm } from '../hsm/hsm.js';
import type { AliasStore } from '../keys/alias-store.js';
import { newKeyVersionId } from '../keys/identifiers.js';
import type { KeyRecord, KeyVersionRecord } from '../keys/key-record.js';
import type { Devices, KeyStore } from '../keys/key-store.js';
import type { KeySpec } from '../keys/key-spec.js';
import { DAY_MS } from '../keys/quotas.js';
import type { SeedKey, SeedVersion } from './seed.js';

/** Where seeds are sown. */
export interface SeedBed {
  readonly devices: Devices;
  readonly keys: KeyStore;
  readonly aliases: AliasStore;
  readonly clock: Clock;
}

/** How long a key that begins in state PendingDeletion has left. */
const PENDING_DAYS = 30;
/** The least by which dates of the API differ. */
const DATE_STEP_MS = 1000;

/**
 * Makes the keys of a seed that are not there yet, with their aliases; what is there stays as it is.
 * `KmsAsymError` `configuration` when an alias is another key's, `emulator` on device trouble.
 */
export async function applySeed(
  seed: readonly SeedKey[],
  { devices, keys, aliases, clock }: SeedBed,
): Promise<void> {
  const missing = seed.filter(({ keyId }) => keys.find(keyId) === undefined);
  if (missing.length === 0) return;
  const added = missing.flatMap((key) => key.aliases.map((aliasName) => ({ aliasName, keyId: key.keyId })));
  requireFree(added, aliases);
  const made: { device: Hsm; ref: string }[] = [];
  const records: KeyRecord[] = [];
  try {
    for (const key of missing) {
      const device = devices[key.protectionLevel];
      records.push(await makeKey(key, device, clock(), (ref) => made.push({ device, ref })));
    }
  } catch (error) {
    for (const { device, ref } of made) await device.destroyKey(ref).catch(() => undefined);
    throw error;
  }
  keys.restore([...keys.snapshot(), ...records]);
  aliases.restore([...aliases.snapshot(), ...added]);
}

function requireFree(added: readonly { aliasName: string }[], aliases: AliasStore): void {
  const taken = new Set(aliases.snapshot().map(({ aliasName }) => aliasName));
  const conflict = added.find(({ aliasName }) => taken.has(aliasName));
  if (conflict === undefined) return;
  throw new KmsAsymError(
    'configuration',
    `the seed wants the alias "${conflict.aliasName}" for another key than it stands for already`,
    { hints: ['delete the alias, or take it out of the seed'] },
  );
}

async function makeKey(
  { aliases: _, versions, ...plain }: SeedKey,
  device: Hsm,
  nowMs: number,
  onMade: (ref: string) => void,
): Promise<KeyRecord> {
  const [first, ...others] = versions;
  // Dates are all that tells clients which version is the newest.
  const firstMs = nowMs - others.length * DATE_STEP_MS;
  const make = async (version: SeedVersion, createdMs: number): Promise<KeyVersionRecord> => {
    const record = await makeVersion(version, plain.spec, device, createdMs);
    onMade(record.hsmRef);
    return record;
  };
  const records: [KeyVersionRecord, ...KeyVersionRecord[]] = [await make(first, firstMs)];
  for (const version of others) records.push(await make(version, firstMs + records.length * DATE_STEP_MS));
  return {
    ...plain,
    createdMs: firstMs,
    ...(plain.state === 'PendingDeletion' && { deleteMs: nowMs + PENDING_DAYS * DAY_MS }),
    deletionProtection: { isEnabled: false, description: '' },
    versions: records,
  };
}

async function makeVersion(
  { keyVersionId = newKeyVersionId(), privateKey }: SeedVersion,
  spec: KeySpec,
  device: Hsm,
  createdMs: number,
): Promise<KeyVersionRecord> {
  const { ref, type, publicKeyDer } = await (privateKey === undefined
    ? device.generateKey(spec)
    : device.importKey(spec, privateKey));
  return { keyVersionId, createdMs, hsmRef: ref, type, publicKey: encodeBase64(publicKeyDer) };
}
