/**
 * SoftHSM without set-up: a private token directory, its configuration and its PIN, made and initialised here. With
 * a state directory the token stays for the next start; otherwise it lives in a temporary directory, shared by all
 * such HSMs of the process because SoftHSM knows one token directory per process, and goes with the last of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { KmsAsymError, systemFailure } from '../../errors.js';
import { flushTree } from '../durable-file.js';
import type { Hsm } from './hsm.js';
import { deviceError, isWrongPin } from './pkcs11-error.js';
import { requireModule } from './pkcs11-module-path.js';
import { acquireModule, loadModule, type Pkcs11Module } from './pkcs11-module.js';
import { unpad } from './pkcs11-token.js';
import { openToken } from './pkcs11.js';
import { newSecret, readOrMakeSecret } from './secret-file.js';

const INSTALL_HINT = 'install SoftHSM, for example with apt-get install softhsm2 or brew install softhsm';

/** How old a file may be that a key under way has written: longer than any key takes. */
const RECENT_MS = 10 * 60_000;

/** Opens a private SoftHSM token, for keys of `owner`. `KmsAsymError` `emulator` when SoftHSM, its binding or the directory fails. */
export async function openSoftHsm(stateDir?: string, owner?: string): Promise<Hsm> {
  const modulePath = await findSoftHsm();
  const home = await (stateDir === undefined ? temporaryHome() : persistentHome(stateDir));
  try {
    const module = await acquireModule(modulePath, { environment: { SOFTHSM2_CONF: home.configPath } });
    initializeToken(module, home);
    const { label, pin, settle, leave } = home;
    const match = { token: label };
    return await openToken(module, { backend: 'softhsm', match, pin, owner, settle, onClose: leave });
  } catch (error) {
    await home.leave();
    throw isWrongPin(error) ? lostPin(home, error) : error;
  }
}

/** Path of the SoftHSM module, once it has been loaded. `KmsAsymError` `emulator` when it cannot be used here. */
export async function findSoftHsm(): Promise<string> {
  const path = await requireModule('softhsm2', INSTALL_HINT);
  await loadModule(path);
  if (isMainThread) return path;
  // Its configuration is named by an environment variable, which a worker thread cannot set for C code.
  throw new KmsAsymError('emulator', 'SoftHSM can only be opened on the main thread');
}

/** A directory with a SoftHSM configuration, and the token in it that is meant. */
interface Home {
  readonly configPath: string;
  readonly label: string;
  /** PIN of the user and of the security officer. */
  readonly pin: string;
  /** Makes what the token wrote survive a power loss, which SoftHSM does not care for. */
  readonly settle: () => Promise<void>;
  /** To be called when the token is not used any more. */
  readonly leave: () => Promise<void>;
}

interface SharedDirectory {
  readonly path: Promise<string>;
  users: number;
}

let sharedDirectory: SharedDirectory | undefined;

async function temporaryHome(): Promise<Home> {
  const shared = (sharedDirectory ??= { path: mkdtemp(join(tmpdir(), 'kms-asym-hsm-')), users: 0 });
  shared.users += 1;
  async function leave(): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (sharedDirectory === shared) sharedDirectory = undefined;
    await rm(await shared.path, { recursive: true, force: true });
  }
  const label = `kms-asym ${randomBytes(8).toString('hex')}`;
  try {
    const configPath = await writeConfig(await shared.path);
    return { configPath, label, pin: newSecret(), settle: () => Promise.resolve(), leave };
  } catch (cause) {
    await leave().catch(() => undefined);
    throw directoryError(tmpdir(), cause);
  }
}

async function persistentHome(stateDir: string): Promise<Home> {
  const directory = resolve(stateDir, 'softhsm');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const pin = await readOrMakeSecret(join(directory, 'pin'));
    return {
      configPath: await writeConfig(directory),
      label: 'kms-asym',
      pin,
      settle: () => flushTree(join(directory, 'tokens'), Date.now() - RECENT_MS),
      leave: () => Promise.resolve(),
    };
  } catch (cause) {
    throw directoryError(directory, cause);
  }
}

async function writeConfig(directory: string): Promise<string> {
  if (/[#\r\n]/.test(directory)) {
    throw new KmsAsymError('emulator', 'SoftHSM cannot use a directory with "#" or a line break in its path');
  }
  const tokens = join(directory, 'tokens');
  await mkdir(tokens, { recursive: true, mode: 0o700 });
  const path = join(directory, 'softhsm2.conf');
  const lines = [`directories.tokendir = ${tokens}`, 'objectstore.backend = file', 'log.level = ERROR', ''];
  await writeFile(path, lines.join('\n'), { mode: 0o600 });
  return path;
}

/** Makes the token and its PIN unless they are there, also when an earlier start was cut short in between. */
function initializeToken(module: Pkcs11Module, { label, pin }: Home): void {
  const { binding, library } = module;
  try {
    const slots = library.C_GetSlotList(true).map((slot) => ({ slot, info: library.C_GetTokenInfo(slot) }));
    const present = slots.find(({ info }) => unpad(info.label) === label);
    if (present !== undefined && (present.info.flags & binding.CKF_USER_PIN_INITIALIZED) !== 0) return;
    const slot =
      present?.slot ?? slots.find(({ info }) => !(info.flags & binding.CKF_TOKEN_INITIALIZED))?.slot;
    if (slot === undefined) throw new KmsAsymError('emulator', 'SoftHSM offers no slot for a new token');
    if (present === undefined) library.C_InitToken(slot, pin, label);
    const session = library.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    library.C_Login(session, binding.CKU_SO, pin);
    library.C_InitPIN(session, pin);
    library.C_Logout(session);
    library.C_CloseSession(session);
  } catch (error) {
    module.release();
    throw deviceError('initialise its token', error);
  }
}

/** The token has no other PIN than the one that was made with it. */
function lostPin({ configPath }: Home, cause: unknown): KmsAsymError {
  const file = join(dirname(configPath), 'pin');
  return new KmsAsymError('emulator', `the PIN in "${file}" is not that of the token beside it`, {
    hints: [
      'bring that file back from a backup; without it the keys in the token are lost',
      'or use another state directory',
    ],
    cause,
  });
}

function directoryError(directory: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  return systemFailure('write-failed', `cannot prepare "${directory}" for SoftHSM`, cause);
}
