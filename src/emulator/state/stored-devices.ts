/** The devices of a state directory: those it was made with, and in accord with what it records. */
import { KmsAsymError } from '../../errors.js';
import { closeDevices, openDevices } from '../keys/devices.js';
import { chooseHsm } from '../hsm/open.js';
import type { Devices } from '../keys/key-store.js';
import { reconcile } from './reconcile.js';
import { openStateDirectory, type StateDirectory } from './state-directory.js';
import type { HsmRecord, StateContent } from './state-file.js';

/** A state directory at work. */
export interface StoredDevices {
  readonly directory: StateDirectory;
  readonly devices: Devices;
  /** What the directory records, with the device in it. */
  readonly content: StateContent;
}

/**
 * Opens a state directory and its devices; `hsm` is as `openHsm` takes it, and `auto` means the recorded backend.
 * `KmsAsymError` `usage` for another backend, `emulator` for another token and whatever cannot be used.
 */
export async function openStoredDevices(
  stateDir: string,
  hsm: string,
  onNotice: (line: string) => void,
): Promise<StoredDevices> {
  const directory = await openStateDirectory(stateDir, () => backendOf(hsm, onNotice));
  try {
    const { owner, hsm: recorded } = directory.content;
    requireBackend(directory, hsm);
    const devices = await openDevices(hsm === 'auto' ? recorded.backend : hsm, { stateDir, owner, onNotice });
    try {
      return { directory, devices, content: await bringTogether(directory, devices, onNotice) };
    } catch (error) {
      await closeDevices(devices);
      throw error;
    }
  } catch (error) {
    await directory.release();
    throw error;
  }
}

async function backendOf(hsm: string, onNotice: (line: string) => void): Promise<string> {
  if (hsm === 'auto') return chooseHsm(onNotice);
  return hsm.startsWith('pkcs11:') ? 'pkcs11' : hsm;
}

function requireBackend({ path, content }: StateDirectory, hsm: string): void {
  const { backend } = content.hsm;
  const isUri = hsm.startsWith('pkcs11:');
  if (backend === 'pkcs11' ? isUri : hsm === 'auto' || hsm === backend) return;
  const wanted = backend === 'pkcs11' ? 'the pkcs11: URI of its token' : backend;
  throw new KmsAsymError(
    'usage',
    `the state directory "${path}" was made with another HSM than was asked for`,
    {
      hints: [`open it with --hsm ${wanted}`],
    },
  );
}

async function bringTogether(
  directory: StateDirectory,
  devices: Devices,
  onNotice: (line: string) => void,
): Promise<StateContent> {
  const { content } = directory;
  const { identity } = devices.HSM;
  requireIdentity(directory.path, content.hsm, identity);
  const orphans = await reconcile(content.keys, devices);
  if (orphans > 0) onNotice(`destroyed ${orphans} keys that a crash had left without a record`);
  const completed = { ...content, hsm: { ...content.hsm, identity } };
  if (content.hsm.identity === undefined) await directory.write(completed);
  return completed;
}

function requireIdentity(path: string, recorded: HsmRecord, identity: string): void {
  if (recorded.identity === undefined || recorded.identity === identity) return;
  throw new KmsAsymError(
    'emulator',
    `the state directory "${path}" belongs to the token "${recorded.identity}", not to "${identity}"`,
    { hints: ['open it with the token it was made with, or use another state directory'] },
  );
}
