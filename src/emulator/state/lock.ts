/**
 * At most one emulator on a directory, also over SIGKILL, as far as processes see each other: not from one container or
 * machine to another. The file `lock` is a list to which every starter appends a line about itself; the directory belongs
 * to the first line whose process still runs.
 *
 * Invariant: the file is only ever appended to, in single writes. So all starters see the same order, of any number of
 * simultaneous ones exactly the first gets in, and nobody ever removes a lock that another one has just taken over:
 * stale lines need no removal, they are passed over.
 */
import { randomBytes } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KmsAsymError } from '../../errors.js';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** A lock that is held. */
export interface DirectoryLock {
  /** Lets others in. */
  release(): Promise<void>;
}

/** One line: `<nonce> <pid> <start time>`, or `<nonce> released`. */
const LINE = /^([0-9a-f]{16}) (?:([1-9]\d{0,9}) (\d*)|released)$/;

/** Locks the directory. `KmsAsymError` `emulator` when another emulator has it; rejects with the system's errors. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, 'lock');
  const nonce = randomBytes(8).toString('hex');
  // A line that a power loss cut short must not swallow the next one, hence the line break at both ends.
  const append = (what: string) => appendFile(path, `\n${nonce} ${what}\n`, { mode: 0o600 });
  const { pid, startTime } = await ownIdentity();
  await append(`${pid} ${startTime}`);
  const lock = { release: () => append('released') };
  const holder = await findHolder(await readFile(path, 'utf8'), nonce);
  if (holder === undefined) return lock;
  await lock.release();
  throw new KmsAsymError(
    'emulator',
    `the state directory "${directory}" is in use by process ${holder.pid}`,
    {
      hints: ['stop that emulator first, or give this one a state directory of its own'],
    },
  );
}

/** The process that was here before the one with this nonce, if one still runs. */
async function findHolder(text: string, nonce: string): Promise<ProcessIdentity | undefined> {
  const earlier = new Map<string, ProcessIdentity>();
  let isMine = false;
  for (const [, id = '', pid, startTime = ''] of text.split('\n').map((line) => LINE.exec(line) ?? [])) {
    isMine ||= id === nonce;
    if (pid === undefined) earlier.delete(id);
    else if (!isMine) earlier.set(id, { pid: Number(pid), startTime });
  }
  for (const candidate of earlier.values()) if (await isRunning(candidate)) return candidate;
  return undefined;
}
