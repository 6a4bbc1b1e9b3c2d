/**
 * A part of a regular file, read and written by position: in any order, and by any thread, which shares the descriptors
 * of its process.
 */
import fs from 'node:fs';
import { readFailed, writeFailed } from './system-error.js';

/** Where a part begins. Can be sent to another thread. */
export interface FileRegion {
  /** Open as long as anybody reads or writes. */
  readonly fd: number;
  /** Bytes before it in the file. */
  readonly position: number;
  /** Names the file in errors. */
  readonly subject: string;
}

/**
 * Fills a buffer.
 *
 * @param offset - bytes from the beginning of the region
 * @returns the bytes that were read: fewer than fit only at the end of the file
 * @throws KmsAsymError `read-failed`
 */
export function readRegion({ fd, position, subject }: FileRegion, offset: number, into: Uint8Array): number {
  let used = 0;
  try {
    for (let count = -1; count !== 0 && used < into.length; used += count) {
      count = fs.readSync(fd, into, used, into.length - used, position + offset + used);
    }
  } catch (error) {
    throw readFailed(subject, error);
  }
  return used;
}

/**
 * Writes all bytes.
 *
 * @param offset - bytes from the beginning of the region
 * @throws KmsAsymError `write-failed`
 */
export function writeRegion({ fd, position, subject }: FileRegion, offset: number, bytes: Uint8Array): void {
  try {
    for (let written = 0; written < bytes.length;) {
      written += fs.writeSync(fd, bytes, written, bytes.length - written, position + offset + written);
    }
  } catch (error) {
    throw writeFailed(subject, error);
  }
}
