/** The file key (C2SP age.md, "File key"): 128 random bits for one file and no other. */
import { randomBytes } from 'node:crypto';

/** Length of every file key in bytes. */
export const FILE_KEY_BYTES = 16;

/** A fresh file key. It must not serve a second file. */
export function createFileKey(): Buffer {
  return randomBytes(FILE_KEY_BYTES);
}

/** Overwrites key material that is no longer needed. */
export function wipe(secret: Uint8Array): void {
  secret.fill(0);
}
