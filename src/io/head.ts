/**
 * The first bytes of a file, replaced by as many others without copying the rest. The journal has both before the file
 * is touched; until they are all written, a reader finds some of each.
 */
import fs from 'node:fs';
import { KmsAsymError } from '../errors.js';
import { readUnfinished, type HeadChange } from './journal-entries.js';

/** With it a write is on the disk when it returns; systems without it get an fdatasync. */
export const { O_DSYNC = 0 } = fs.constants as Partial<typeof fs.constants>;

/** How much of a change has been made. `other` is a file that was meanwhile replaced by another one, or damaged. */
export type Progress = 'none' | 'some' | 'all' | 'other';

/** Compares a file with a change. */
export function progressOf({ before, after }: HeadChange, fd: number): Progress {
  const head = readAt(fd, 0, before.length);
  if (head.equals(before)) return 'none';
  if (head.equals(after)) return 'all';
  const isMixed =
    head.length === before.length && head.every((byte, at) => byte === before[at] || byte === after[at]);
  return isMixed ? 'some' : 'other';
}

/**
 * The first bytes of a file as they should be, where an interrupted change has left a mixture. Changes nothing; the
 * file needs not be writable.
 */
export function interruptedHead(name: string, fd: number): Buffer | undefined {
  const change = readUnfinished(name);
  return change && progressOf(change, fd) === 'some' ? change.after : undefined;
}

/**
 * Writes the first bytes durably; anything but all of them throws.
 *
 * @param fd - opened with {@link O_DSYNC}
 */
export function writeHead(fd: number, head: Buffer): void {
  for (let written = 0; written < head.length;) {
    written += fs.writeSync(fd, head, written, head.length - written, written);
  }
  if (O_DSYNC === 0) fs.fdatasyncSync(fd);
}

/** The bytes at a position, fewer at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let used = 0;
  for (let count = -1; count !== 0 && used < length; used += count) {
    count = fs.readSync(fd, bytes, used, length - used, position + used);
  }
  return bytes.subarray(0, used);
}

/** The error of a file that fits neither side of its journal. */
export function fitsNeither(subject: string, journal: string): KmsAsymError {
  return new KmsAsymError(
    'write-failed',
    `${subject} is neither what it was before an interrupted change nor what it was to become`,
    { hints: [`look at it with kms-asym inspect; if it is right as it is, remove "${journal}"`] },
  );
}
