/** Starts an emulator in this process: from options to parts. */
import { describeFailure } from './failure.js';
import { readFront } from './gate/front.js';
import { Handler } from './http/handle.js';
import type { Emulator, EmulatorOptions } from './options.js';
import { DEFAULT_LIMITS, listen } from './http/server.js';
import { requireServiceMode } from './service-mode.js';
import { openStorage } from './state/storage.js';

/** The account that owns everything. */
const ACCOUNT_ID = '1000000000000000';

/**
 * Starts an emulator. Rejects with `KmsAsymError`: `usage` for options that make no sense, `configuration` for a
 * certificate or a seed that cannot be used, `emulator` when the HSM, the state directory or the port cannot be had.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { region = 'cn-hangzhou', serviceMode = 'legacy', onNotice = () => undefined } = options;
  requireServiceMode(serviceMode);
  const { parts, access, tls } = await readFront(options);
  const { hsm = 'auto', stateDir, seed } = options;
  const storage = await openStorage({ hsm, stateDir, seed, serviceMode, clock: parts.clock, onNotice });
  const { keys, aliases } = storage;
  const { backend, description } = storage.devices.HSM;
  const handler = new Handler({
    ...parts,
    keys,
    aliases,
    commit: () => storage.commit(),
    account: { accountId: ACCOUNT_ID, region },
    serviceMode,
    health: { backend, description, region },
    onFailure: (error) => onNotice(`internal failure: ${describeFailure(error)}`),
  });
  const server = await listen(handler, options.port ?? 0, DEFAULT_LIMITS, tls).catch(
    async (error: unknown) => {
      await storage.close();
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    await server.close();
    await storage.close();
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
