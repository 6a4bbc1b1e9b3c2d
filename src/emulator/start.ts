/** Starts an emulator in this process: from options to parts. */
import { describeFailure } from './failure.js';
import { readFront } from './front.js';
import { Handler } from './handle.js';
import type { Hsm } from './hsm/hsm.js';
import { openHsm } from './hsm/open.js';
import { AliasStore } from './keys/alias-store.js';
import { type Devices, KeyStore } from './keys/key-store.js';
import { QUOTAS } from './keys/quotas.js';
import type { Emulator, EmulatorOptions } from './options.js';
import { DEFAULT_LIMITS, listen } from './server.js';

/** The account that owns everything. */
const ACCOUNT_ID = '1000000000000000';

type Notify = (line: string) => void;

/**
 * Starts an emulator with keys in memory. Rejects with `KmsAsymError`: `usage` for options that make no sense,
 * `configuration` for a certificate that cannot be used, `emulator` when the HSM or the port cannot be had.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { region = 'cn-hangzhou', serviceMode = 'legacy', onNotice = () => undefined } = options;
  const { parts, access, tls } = await readFront(options);
  const devices = await openDevices(options.hsm ?? 'auto', onNotice);
  const { backend, description } = devices.HSM;
  const keys = new KeyStore(devices, parts.clock, onNotice, QUOTAS[serviceMode].keys);
  const handler = new Handler({
    ...parts,
    keys,
    aliases: new AliasStore(QUOTAS[serviceMode].aliases),
    account: { accountId: ACCOUNT_ID, region },
    serviceMode,
    health: { backend, description, region },
    onFailure: (error) => onNotice(`internal failure: ${describeFailure(error)}`),
  });
  const server = await listen(handler, options.port ?? 0, DEFAULT_LIMITS, tls).catch(
    async (error: unknown) => {
      await closeDevices(devices);
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    await server.close();
    await keys.destroyAll().catch((error: unknown) => {
      onNotice(`keys were left in the HSM: ${describeFailure(error)}`);
    });
    await closeDevices(devices);
  };
  let closed: Promise<void> | undefined;
  return {
    endpoint: `${tls ? 'https' : 'http'}://${tls?.host ?? '127.0.0.1'}:${server.port}`,
    region,
    ...access,
    backend,
    close: () => (closed ??= close()),
  };
}

/** Keys of ProtectionLevel SOFTWARE never live in a token; an imitated HSM serves for both. */
async function openDevices(choice: string, onNotice: Notify): Promise<Devices> {
  const hsm = await openHsm(choice, { onNotice });
  return { HSM: hsm, SOFTWARE: hsm.isHardwareBacked ? await openHsm('software', { onNotice }) : hsm };
}

async function closeDevices(devices: Devices): Promise<void> {
  await Promise.all([...new Set<Hsm>(Object.values(devices))].map((device) => device.close()));
}
