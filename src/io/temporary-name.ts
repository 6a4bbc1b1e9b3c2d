/**
 * Names of files that are being written: `.NAME.kms-asym-XXXX.tmp`, beside what they will be. The name says which
 * process writes the file, so that what it leaves behind when it is killed can be told from what is still at work.
 */
import fs from 'node:fs';
import path from 'node:path';
import { isRunning, ownProcess, type ProcessName } from './process-place.js';

const TEMPORARY = /^\..*\.kms-asym-[0-9a-z]+\.tmp$/;
/** In letters and digits: place, number and start of a process, and which of its files it is. */
const OF_PROCESS = /^(\..*\.kms-asym-)([0-9a-f]{16})p(\d{1,10})s(\d*)n[0-9a-z]+\.tmp$/;
/** So many entries of a directory are looked at: going through a million would cost more than most runs. */
const MAX_ENTRIES = 50_000;
/** Nobody writes to a file for so long and still means to finish it. */
const SILENCE_MS = 7 * 24 * 60 * 60 * 1000;

let own: ProcessName | undefined;
let counter = 0;

/** A name for a file that is going to be `target`. Different each time, in this process and in all others. */
export function temporaryPath(target: string): string {
  const [place = '', pid = '', start = ''] = (own ??= ownProcess()).split(':');
  counter += 1;
  return path.join(
    path.dirname(target),
    `${prefixOf(target)}${place}p${pid}s${start}n${counter.toString(36)}.tmp`,
  );
}

/** Whether a file in some directory has the name of a temporary one. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Removes what runs that were killed left of `target`. Runs that cannot be seen from here, on other machines or in
 * other containers, are taken for dead when they have written nothing for a week.
 *
 * @param temporary - a file just made beside it: the file system's own clock; without it, that of this machine
 */
export function removeLeftovers(target: string, temporary?: string): void {
  const directory = path.dirname(target);
  const prefix = prefixOf(target);
  for (const name of temporaryNamesIn(directory)) {
    if (OF_PROCESS.exec(name)?.[1] !== prefix) continue;
    const leftover = path.join(directory, name);
    try {
      if (isDead(leftover, temporary)) fs.unlinkSync(leftover);
    } catch {
      // Gone already, or not ours to remove: it is in nobody's way.
    }
  }
}

/** What temporary files of a target begin with. Names have at most 255 bytes; a character has at most four. */
function prefixOf(target: string): string {
  return `.${Array.from(path.basename(target)).slice(0, 40).join('')}.kms-asym-`;
}

function isDead(leftover: string, temporary: string | undefined): boolean {
  const [, , ...process] = OF_PROCESS.exec(path.basename(leftover)) ?? [];
  const running = isRunning(process.join(':'));
  if (running !== undefined) return !running;
  const nowMs = temporary === undefined ? Date.now() : fs.statSync(temporary).mtimeMs;
  return nowMs - fs.lstatSync(leftover).mtimeMs > SILENCE_MS;
}

/** By directory, as it was when it was first looked at: a run over many files looks once. */
const known = new Map<string, readonly string[]>();

function temporaryNamesIn(directory: string): readonly string[] {
  const names = known.get(directory) ?? readTemporaryNames(directory);
  known.set(directory, names);
  return names;
}

function readTemporaryNames(directory: string): string[] {
  const names: string[] = [];
  try {
    const entries = fs.opendirSync(directory, { bufferSize: 1024 });
    try {
      for (let count = 0; count < MAX_ENTRIES; count += 1) {
        const entry = entries.readSync();
        if (!entry) break;
        if (entry.isFile() && isTemporary(entry.name)) names.push(entry.name);
      }
    } finally {
      entries.closeSync();
    }
  } catch {
    // One may write to a directory without being allowed to list it.
  }
  return names;
}
