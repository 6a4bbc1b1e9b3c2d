/**
 * A file whose final name is whole or absent, whatever ends the process: an exclusive temporary file beside it
 * (`.NAME.kms-asym-XXXX.tmp`), fsync, then one system call that gives it its name. What a killed run left of the same
 * file is removed first.
 */
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, KmsAsymError } from '../errors.js';
import { removeOnExit } from './cleanup.js';
import { WRITTEN } from './descriptor.js';
import { writeRegion, type FileRegion } from './file-region.js';
import { syncAside, syncDirectoryAside } from './sync-aside.js';
import { writeFailed } from './system-error.js';
import { removeLeftovers, temporaryPath } from './temporary-name.js';

/** Where the file goes, and how. */
export interface AtomicFileOptions {
  /** Final name; not a symbolic link, nor in a directory that is missing. */
  readonly target: string;
  /** The name that people gave, quoted for messages. */
  readonly subject: string;
  /** Replace what has the final name; otherwise it must be free, also in the moment of the commit. */
  readonly replace: boolean;
  /** Permission bits whatever the umask; `undefined` leaves them to the umask. */
  readonly mode: number | undefined;
  /** Whose it is to be; without it, of whoever runs this. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** A file being written; it exists under its temporary name from the start. */
export class AtomicFile {
  readonly isFinal = false;
  readonly #options: AtomicFileOptions;
  readonly #temporary: string;
  readonly #release: () => void;
  #fd: number | undefined;
  /** Bytes that are written or set aside. */
  #length = 0;

  /** @throws KmsAsymError `write-failed` */
  constructor(options: AtomicFileOptions) {
    const { target, mode, owner } = options;
    this.#options = options;
    const { fd, temporary, release } = openTemporary(options);
    this.#fd = fd;
    this.#temporary = temporary;
    this.#release = release;
    try {
      removeLeftovers(target, temporary);
      if (owner) keepOwner(fd, owner);
      // The umask may have taken bits away. Where nothing is to be changed, nothing is tried: FAT has no modes.
      if (mode !== undefined && (fs.fstatSync(fd).mode & 0o7777) !== mode) fs.fchmodSync(fd, mode);
    } catch (error) {
      this.abort();
      throw this.#failure(error);
    }
  }

  /** What it is called, beside the target, until it has its final name. */
  get temporaryName(): string {
    return path.basename(this.#temporary);
  }

  /** @throws KmsAsymError `write-failed`; abort then. As a rejection. */
  write(bytes: Uint8Array): Promise<void> {
    const region = this.reserve(bytes.length);
    try {
      writeRegion(region, 0, bytes);
      return WRITTEN;
    } catch (error) {
      return Promise.reject(this.#failure(error));
    }
  }

  /** Sets bytes aside, to be written at their place before the commit. */
  reserve(bytes: number): FileRegion {
    const region = { fd: this.#descriptor, position: this.#length, subject: this.#options.subject };
    this.#length += bytes;
    return region;
  }

  /**
   * Gives the file its final name. Others go on while this one waits for the disk.
   *
   * @param check - whether it may still get it; called in the last moment, and what it throws is thrown
   * @throws KmsAsymError `file-exists` when the name was taken meanwhile, `write-failed`; abort then
   */
  async commit(check?: () => void): Promise<void> {
    try {
      await syncAside(this.#descriptor, this.#length);
      check?.();
      this.#giveName();
    } catch (error) {
      throw this.#failure(error);
    }
    this.#release();
    await syncDirectoryAside(path.dirname(this.#options.target));
  }

  /** Removes the temporary file. */
  abort(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    attempt(() => {
      if (fd !== undefined) fs.closeSync(fd);
    });
    attempt(() => {
      fs.unlinkSync(this.#temporary);
    });
    this.#release();
  }

  #giveName(): void {
    const { target, subject, replace } = this.#options;
    const fd = this.#descriptor;
    this.#fd = undefined;
    fs.closeSync(fd);
    if (replace) fs.renameSync(this.#temporary, target);
    else nameUnlessTaken(this.#temporary, target, subject);
  }

  #failure(error: unknown): KmsAsymError {
    return writeFailed(this.#options.subject, error);
  }

  get #descriptor(): number {
    if (this.#fd === undefined) throw new Error('the file is already committed or aborted');
    return this.#fd;
  }
}

/** The refusal of a final name that is taken: `file-exists`. */
export function alreadyExists(subject: string): KmsAsymError {
  return new KmsAsymError('file-exists', `${subject} already exists`, {
    hints: ['--force replaces it'],
  });
}

interface Temporary {
  readonly fd: number;
  readonly temporary: string;
  readonly release: () => void;
}

function openTemporary({ target, subject, mode = 0o666 }: AtomicFileOptions): Temporary {
  const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
  for (let tries = 0; ; tries += 1) {
    const temporary = temporaryPath(target);
    // Before there is a file: a signal in between would leave it behind.
    const release = removeOnExit(temporary);
    try {
      return { fd: fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL, mode), temporary, release };
    } catch (error) {
      release();
      if (errnoOf(error) !== 'EEXIST' || tries === 10) throw writeFailed(subject, error);
    }
  }
}

/** Before the mode: the system takes bits away when the owner changes. */
function keepOwner(fd: number, { uid, gid }: { uid: number; gid: number }): void {
  const stats = fs.fstatSync(fd);
  if (stats.uid !== uid || stats.gid !== gid) fs.fchownSync(fd, uid, gid);
}

/** Unlike rename, link fails when the name is taken. */
function nameUnlessTaken(temporary: string, target: string, subject: string): void {
  try {
    fs.linkSync(temporary, target);
  } catch (error) {
    // No hard links here (FAT, some network file systems): looking before renaming is the best there is.
    const isTaken = errnoOf(error) === 'EEXIST' || fs.lstatSync(target, { throwIfNoEntry: false });
    if (isTaken) throw alreadyExists(subject);
    fs.renameSync(temporary, target);
    return;
  }
  attempt(() => {
    fs.unlinkSync(temporary);
  });
}

/** Makes the names in a directory survive a power loss, where the system can. */
export function syncDirectory(directory: string): void {
  attempt(() => {
    const fd = fs.openSync(directory, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // Best effort: nothing better can be done about it, and the outcome is decided already.
  }
}
