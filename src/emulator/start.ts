/** Starts an emulator in this process. */
import type { Clock } from './clock.js';
import { describeFailure } from './failure.js';
import { Handler } from './handle.js';
import type { Hsm } from './hsm/hsm.js';
import { openHsm } from './hsm/open.js';
import { AliasStore } from './keys/alias-store.js';
import { newAccessKey } from './keys/identifiers.js';
import { type Devices, KeyStore } from './keys/key-store.js';
import { QUOTAS } from './keys/quotas.js';
import { listen } from './server.js';
import type { ServiceMode } from './service-mode.js';
import { Authenticator } from './signature/authenticator.js';

/** How an emulator is to run; every member has a default. */
export interface EmulatorOptions {
  /** TCP port on 127.0.0.1; 0 (default) lets the system choose. */
  readonly port?: number;
  /** Region the emulator plays; default `cn-hangzhou`. */
  readonly region?: string;
  /** HSM that keys of ProtectionLevel HSM live in: `auto` (default), `softhsm`, `software` or a `pkcs11:` URI. */
  readonly hsm?: string;
  /** Which of the service's two contracts to keep; default `legacy`. */
  readonly serviceMode?: ServiceMode;
  /** The present in milliseconds since the epoch, for dates and signatures; default `Date.now`. */
  readonly clock?: Clock;
  /** Told about things a person should know (one line each, no newline); default: nobody. */
  readonly onNotice?: (line: string) => void;
}

/** A running emulator. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  /** Fresh random credentials that the emulator accepts. */
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Name of the HSM backend. */
  readonly backend: string;
  /** Stops accepting, ends open connections, closes the HSM. Safe to call twice. */
  close(): Promise<void>;
}

/** The account that owns everything. */
const ACCOUNT_ID = '1000000000000000';

type Notify = (line: string) => void;

/**
 * Starts an emulator with keys in memory. Rejects with `KmsAsymError`: `usage` for an unknown HSM, `emulator` when
 * the HSM or the port cannot be had.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, region = 'cn-hangzhou', clock = Date.now, onNotice = () => undefined } = options;
  const { serviceMode = 'legacy' } = options;
  const devices = await openDevices(options.hsm ?? 'auto', onNotice);
  const { backend, description } = devices.HSM;
  const accessKey = newAccessKey();
  const keys = new KeyStore(devices, clock, onNotice, QUOTAS[serviceMode].keys);
  const handler = new Handler({
    authenticator: new Authenticator([accessKey], clock),
    keys,
    aliases: new AliasStore(QUOTAS[serviceMode].aliases),
    account: { accountId: ACCOUNT_ID, region },
    serviceMode,
    clock,
    health: { backend, description, region },
    onFailure: (error) => onNotice(`internal failure: ${describeFailure(error)}`),
  });
  const server = await listen(handler, port).catch(async (error: unknown) => {
    await closeDevices(devices);
    throw error;
  });
  let closed: Promise<void> | undefined;
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    region,
    accessKeyId: accessKey.id,
    accessKeySecret: accessKey.secret,
    backend,
    close: () =>
      (closed ??= server
        .close()
        .then(() => keys.destroyAll())
        .catch((error: unknown) => {
          onNotice(`keys were left in the HSM: ${describeFailure(error)}`);
        })
        .then(() => closeDevices(devices))),
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
