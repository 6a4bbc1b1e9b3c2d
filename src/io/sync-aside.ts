/** Waiting for the disk while other work goes on. What waits at the same time, the disk does in one go. */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { monotonicMs } from '../monotonic.js';

/** Below this the disk is a memory, and asking another thread takes longer than asking it. */
const FAST_MS = 0.1;
/** So many more slow answers than fast ones tell a disk; single ones are the doing of other processes. */
const SLOW_SURPLUS = 4;

const fsync = promisify((fd: number, done: fs.NoParamCallback) => {
  fs.fsync(fd, done);
});

let slowSurplus = 0;

/** So many bytes keep every disk busy for a while. */
const MANY_BYTES = 4 * 1024 * 1024;

/**
 * Waits until the bytes of an open file are on the disk; rejects with the system's error.
 *
 * @param bytes - how many there may be to write
 */
export async function syncAside(fd: number, bytes = 0): Promise<void> {
  if (slowSurplus < SLOW_SURPLUS && bytes < MANY_BYTES) {
    const startMs = monotonicMs();
    fs.fsyncSync(fd);
    slowSurplus = monotonicMs() - startMs < FAST_MS ? Math.max(0, slowSurplus - 1) : slowSurplus + 1;
    return;
  }
  await fsync(fd);
}

interface Turns {
  readonly current: Promise<void>;
  next?: Promise<void>;
}

const turnsOf = new Map<string, Turns>();

/**
 * Waits until the names that a directory has now survive a power loss, where the system can. One sync serves all who asked
 * before it began.
 */
export function syncDirectoryAside(directory: string): Promise<void> {
  const turns = turnsOf.get(directory);
  if (turns) return (turns.next ??= turns.current.then(() => begin(directory)));
  return begin(directory);
}

function begin(directory: string): Promise<void> {
  const turns: Turns = {
    current: syncDirectory(directory).finally(() => {
      if (turns.next === undefined) turnsOf.delete(directory);
    }),
  };
  turnsOf.set(directory, turns);
  return turns.current;
}

async function syncDirectory(directory: string): Promise<void> {
  try {
    const fd = fs.openSync(directory, 'r');
    await syncAside(fd).finally(() => {
      fs.closeSync(fd);
    });
  } catch {
    // Best effort: the file is whole and has its name already.
  }
}
