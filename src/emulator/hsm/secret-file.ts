/** Random secrets that a directory keeps for the next start: the PIN of its token, the passphrase of its key files. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';
import { writeDurably } from '../durable-file.js';

/** 128 random bits in hexadecimal digits. */
export function newSecret(): string {
  return randomBytes(16).toString('hex');
}

/** The secret in a file; a file that is missing is made (0600). Rejects with the system's errors. */
export async function readOrMakeSecret(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const secret = newSecret();
  await writeDurably(path, secret);
  return secret;
}
