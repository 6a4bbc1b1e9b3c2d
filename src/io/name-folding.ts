/** File systems on which different names are the same: `A` and `a`, or an accented letter in one or in two characters. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { removeOnExit } from './cleanup.js';

/** Equal for names that such a file system may take for one; for some that it would tell apart, too. */
export function foldName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}

/** Whether a directory, or the nearest one above it that exists, takes such names for one. Tried with a file in it. */
export function foldsNames(directory: string): boolean {
  if (!fs.existsSync(directory)) {
    const above = path.dirname(path.resolve(directory));
    return above !== path.resolve(directory) && foldsNames(above);
  }
  const stem = `.kms-asym-${randomBytes(8).toString('hex')}`;
  const probe = path.join(directory, `${stem}-\u00e9.tmp`);
  const release = removeOnExit(probe);
  try {
    fs.writeFileSync(probe, '', { flag: 'wx', mode: 0o600 });
    const spellings = [`${stem}-\u00e9.TMP`, `${stem}-e\u0301.tmp`];
    return spellings.some((spelling) => fs.existsSync(path.join(directory, spelling)));
  } catch {
    // Nothing can be written here, as the first result will find out.
    return false;
  } finally {
    fs.rmSync(probe, { force: true });
    release();
  }
}
