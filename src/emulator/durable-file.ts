/**
 * Files that survive SIGKILL and power loss whole or not at all: written under a name of their own, flushed, then
 * renamed, and the directory flushed. Only for directories that one process at a time writes to.
 */
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';

/** What the name of an unfinished file ends with; one that is found was left behind by a crash. */
export const UNFINISHED = '.new';

/** Writes or replaces the file, mode 0600; it is durable when this resolves. Rejects with the system's errors. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  await rm(unfinished, { force: true });
  try {
    await useFile(await open(unfinished, 'wx', 0o600), async (file) => {
      await file.writeFile(content);
      await file.sync();
    });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
  await flush(dirname(path));
}

/**
 * Makes durable what others wrote into a directory or its subdirectories since `sinceMs`, in milliseconds since the
 * epoch. Files that vanish meanwhile are nobody's loss.
 */
export async function flushTree(directory: string, sinceMs: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    try {
      const status = await lstat(path);
      if (status.isDirectory()) await flushTree(path, sinceMs);
      else if (status.mtimeMs >= sinceMs) await flush(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  await flush(directory);
}

async function flush(path: string): Promise<void> {
  // There, directories cannot be opened, and files only for writing.
  if (process.platform === 'win32') return;
  await useFile(await open(path, 'r'), (file) => file.sync());
}

async function useFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
