/** The directory that an emulator owns while it runs: made, recognised, locked, read and written. */
import { chmod, readdir, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectories } from '../../directories.js';
import { errnoOf, KmsAsymError, systemFailure } from '../../errors.js';
import { UNFINISHED } from '../durable-file.js';
import { type DirectoryLock, lockDirectory } from './lock.js';
import { readStateFile, STATE_FILE, type StateContent, writeStateFile } from './state-file.js';

/** A directory that is locked; what it holds is there from the start. */
export interface StateDirectory {
  readonly path: string;
  readonly content: StateContent;
  /** Replaces what it holds, durably. `KmsAsymError` `write-failed` when it cannot. */
  write(content: StateContent): Promise<void>;
  /** Lets other emulators in. */
  release(): Promise<void>;
}

/** What may be in a directory in which a first start was cut short. */
const HARMLESS = ['lock', `${STATE_FILE}${UNFINISHED}`];

/**
 * Opens or makes a state directory (0700). A new one is written before anything else is put into it, for the backend
 * that `chooseBackend` names. `KmsAsymError` `emulator` when it is another's, damaged, or in use;
 * `write-failed`.
 */
export async function openStateDirectory(
  path: string,
  chooseBackend: () => Promise<string>,
): Promise<StateDirectory> {
  return explain(path, 'use', async () => {
    makeDirectories(path, 0o700);
    await requireOurs(path);
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o700);
    const lock = await lockDirectory(path);
    try {
      return await openLocked(path, lock, chooseBackend);
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

async function openLocked(
  path: string,
  lock: DirectoryLock,
  chooseBackend: () => Promise<string>,
): Promise<StateDirectory> {
  let isOurs = true;
  const write = async (content: StateContent): Promise<void> => {
    // A straggler of a closed emulator must not overwrite what the next one has written.
    if (!isOurs) throw new KmsAsymError('emulator', `the state directory "${path}" is closed`);
    await explain(path, 'write to', () => writeStateFile(path, content));
  };
  const release = (): Promise<void> => {
    isOurs = false;
    return lock.release();
  };
  let content = await readStateFile(path);
  if (content === undefined) {
    const owner = randomBytes(16).toString('hex');
    content = { owner, hsm: { backend: await chooseBackend() }, keys: [], aliases: [] };
    await write(content);
  }
  return { path, content, write, release };
}

/** Nothing is put among files of somebody else, and keys whose names were lost are not taken for nobody's. */
async function requireOurs(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  const odd = entries.find((entry) => ['lock', STATE_FILE].includes(entry.name) && !entry.isFile());
  if (odd !== undefined) {
    // A pipe would be waited for, and a link followed to who knows where.
    throw new KmsAsymError('emulator', `"${join(path, odd.name)}" is not a regular file`, {
      hints: ['give a new or an empty directory'],
    });
  }
  if (names.includes(STATE_FILE) || names.every((name) => HARMLESS.includes(name))) return;
  throw new KmsAsymError('emulator', `the directory "${path}" is not empty and holds no emulator state`, {
    hints: ['give a new or an empty directory'],
  });
}

async function explain<T>(path: string, verb: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof KmsAsymError || errnoOf(cause) === undefined) throw cause;
    throw systemFailure('write-failed', `cannot ${verb} the state directory "${path}"`, cause);
  }
}
