/**
 * A regular file that appears whole: written to a new file beside the target, flushed, then named. The temporary
 * name, `.NAME.kms-asym-….tmp`, tells what a crash left behind.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';
import { removeOnSignal } from './cleanup.js';
import { writeFully } from './direct-file.js';
import { writeError } from './file-error.js';
import type { Output, OutputOptions } from './output.js';
import { exists } from './output-target.js';

/** How the file is to be made. */
export interface AtomicFileOptions extends Pick<OutputOptions, 'force' | 'secret'> {
  /** Permissions to keep from the file that is replaced. */
  readonly mode: number | undefined;
}

/** Leaves room for the rest of the temporary name within the usual 255 bytes. */
const MAX_NAME_BYTES = 180;
let counter = 0;

export class AtomicFile implements Output {
  readonly #target: string;
  readonly #options: AtomicFileOptions;
  #fd: number | undefined;
  #temporary: string | undefined;
  #release: (() => void) | undefined;

  constructor(target: string, options: AtomicFileOptions) {
    this.#target = target;
    this.#options = options;
  }

  check(): void {
    // Done by the owner, who knows the name the user gave.
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      writeFully(this.#open(), bytes);
    });
  }

  commit(): Promise<void> {
    return this.#attempt(() => {
      fsyncSync(this.#open());
      this.#close();
      this.#publish();
      this.#release?.();
      syncDirectory(dirname(this.#target));
    });
  }

  abort(): void {
    this.#close();
    if (this.#temporary !== undefined) removeIfThere(this.#temporary);
    this.#temporary = undefined;
    this.#release?.();
  }

  #attempt(action: () => void): Promise<void> {
    try {
      action();
      return Promise.resolve();
    } catch (error) {
      this.abort();
      return Promise.reject(writeError(error, this.#target));
    }
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    const { secret, mode } = this.#options;
    for (;;) {
      const temporary = temporaryName(this.#target);
      this.#release = removeOnSignal(temporary);
      try {
        this.#fd = openSync(temporary, 'wx', secret ? 0o600 : 0o666);
        this.#temporary = temporary;
        break;
      } catch (error) {
        this.#release();
        if (errnoOf(error) !== 'EEXIST') throw error;
      }
    }
    // The umask may have taken even the owner's bits.
    if (secret) fchmodSync(this.#fd, 0o600);
    else if (mode !== undefined) fchmodSync(this.#fd, mode);
    return this.#fd;
  }

  /** With force the old file is replaced; without, a file that appeared in the meantime is kept. */
  #publish(): void {
    const temporary = this.#temporary ?? '';
    if (this.#options.force) {
      renameSync(temporary, this.#target);
    } else {
      publishNew(temporary, this.#target);
    }
    this.#temporary = undefined;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function publishNew(temporary: string, target: string): void {
  try {
    linkSync(temporary, target);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw exists(target);
    // No hard links here (FAT, some network file systems): look, then rename. The gap is small but there.
    if (isThere(target)) throw exists(target);
    renameSync(temporary, target);
    return;
  }
  removeIfThere(temporary);
}

function temporaryName(target: string): string {
  counter += 1;
  const unique = `${process.pid}-${process.hrtime.bigint().toString(36)}-${counter}`;
  const name = Buffer.from(basename(target)).subarray(0, MAX_NAME_BYTES).toString('utf8');
  return join(dirname(target), `.${name}.kms-asym-${unique}.tmp`);
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Best effort: not every file system lets a directory be flushed. */
function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file itself is on disk; only its name may be lost in a crash.
  }
}
