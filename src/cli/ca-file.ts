/** The file that tells clients of an emulator which authority to trust, for as long as the emulator runs. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeOnExit } from '../io/cleanup.js';
import { writeFailed } from '../io/system-error.js';

/** A file that exists until it is removed or the process ends. */
export interface CaFile {
  /** Absolute. */
  readonly path: string;
  readonly remove: () => void;
}

/**
 * Writes a fresh file among the system's temporary ones.
 *
 * @throws KmsAsymError `write-failed`
 */
export function writeCaFile(caPem: string): CaFile {
  const file = path.resolve(tmpdir(), `kms-asym-emulator-${randomBytes(8).toString('hex')}.pem`);
  const release = removeOnExit(file);
  try {
    // Exclusive: a link that waits under this name is not followed.
    fs.writeFileSync(file, caPem, { flag: 'wx' });
  } catch (error) {
    release();
    throw writeFailed(`"${file}"`, error);
  }
  return {
    path: file,
    remove: () => {
      fs.rmSync(file, { force: true });
      release();
    },
  };
}
