/** What an emulator keeps, and for how long: in memory until it closes, or in a state directory. */
import type { Clock } from '../clock.js';
import { closeDevices, openDevices } from '../keys/devices.js';
import { describeFailure } from '../failure.js';
import { AliasStore } from '../keys/alias-store.js';
import { type Devices, KeyStore } from '../keys/key-store.js';
import { QUOTAS } from '../keys/quotas.js';
import type { ServiceMode } from '../service-mode.js';
import { applySeed } from './apply-seed.js';
import { readSeed, type SeedKey } from './seed.js';
import { openStoredDevices } from './stored-devices.js';
import { Committer } from './committer.js';

/** What is to be kept, and where. */
export interface StorageOptions {
  /** As `openHsm` takes it. */
  readonly hsm: string;
  readonly stateDir: string | undefined;
  /** Keys to begin with: JSON as `readSeed` takes it. */
  readonly seed: unknown;
  readonly serviceMode: ServiceMode;
  readonly clock: Clock;
  readonly onNotice: (line: string) => void;
}

/** Keys and aliases, and the devices of their private halves. */
export interface Storage {
  readonly devices: Devices;
  readonly keys: KeyStore;
  readonly aliases: AliasStore;
  /** Resolves when everything that was changed before is durable, as far as it is to be. */
  commit(): Promise<void>;
  /** Ends it; keys in memory are destroyed, wherever their private halves are. */
  close(): Promise<void>;
}

/** Rejects with `KmsAsymError`: `configuration` for a bad seed, `usage` or `emulator` for a device or directory. */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const seed = options.seed === undefined ? [] : readSeed(options.seed);
  return options.stateDir === undefined
    ? openInMemory(options, seed)
    : openInDirectory(options, options.stateDir, seed);
}

async function openInMemory(options: StorageOptions, seed: readonly SeedKey[]): Promise<Storage> {
  const devices = await openDevices(options.hsm, options);
  const { keys, aliases } = storesOf(devices, options);
  const close = async (): Promise<void> => {
    await keys.destroyAll().catch((error: unknown) => {
      options.onNotice(`keys were left in the HSM: ${describeFailure(error)}`);
    });
    await closeDevices(devices);
  };
  try {
    await applySeed(seed, { devices, keys, aliases, clock: options.clock });
  } catch (error) {
    await close();
    throw error;
  }
  return { devices, keys, aliases, commit: () => Promise.resolve(), close };
}

async function openInDirectory(
  options: StorageOptions,
  stateDir: string,
  seed: readonly SeedKey[],
): Promise<Storage> {
  const { devices, directory, content } = await openStoredDevices(stateDir, options.hsm, options.onNotice);
  const { keys, aliases } = storesOf(devices, options);
  const committer = new Committer(
    () => keys.revision + aliases.revision,
    () => directory.write({ ...content, keys: keys.snapshot(), aliases: aliases.snapshot() }),
  );
  const commit = () => committer.commit();
  const leave = async (): Promise<void> => {
    await closeDevices(devices);
    await directory.release();
  };
  try {
    keys.restore(content.keys);
    aliases.restore(content.aliases);
    await applySeed(seed, { devices, keys, aliases, clock: options.clock });
    await commit();
  } catch (error) {
    // Without a last write: what is in memory may be half of what is on disk.
    await leave();
    throw error;
  }
  const close = async (): Promise<void> => {
    // Whoever still waits for a write gets it; what could not be written was not acknowledged either.
    await commit().catch(() => undefined);
    await leave();
  };
  return { devices, keys, aliases, commit, close };
}

function storesOf(
  devices: Devices,
  { clock, onNotice, serviceMode }: StorageOptions,
): { keys: KeyStore; aliases: AliasStore } {
  const quotas = QUOTAS[serviceMode];
  return {
    keys: new KeyStore(devices, clock, onNotice, quotas.keys),
    aliases: new AliasStore(quotas.aliases),
  };
}
