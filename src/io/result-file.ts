/**
 * The result of one of many inputs. What stands under its name may only be a regular file: no device, FIFO or link ever
 * stands for the result of a file, whoever put it there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { KmsAsymError } from '../errors.js';
import { alreadyExists, AtomicFile } from './atomic-file.js';
import type { FileIdentity } from './file-identity.js';
import type { FileRegion } from './file-region.js';
import type { OutputDirectory } from './output-directory.js';
import type { Output } from './output.js';
import { refuseInput } from './output-target.js';
import { writeFailed } from './system-error.js';
import { removeLeftovers } from './temporary-name.js';

/** Which result, and what may be done for it. */
export interface ResultFileOptions {
  readonly directory: OutputDirectory;
  /** Its path below the directory, without `..`. */
  readonly below: string;
  /** Mode 0600 whatever the umask. */
  readonly secret: boolean;
  /** Replace an existing file. */
  readonly force: boolean;
  /** Paths of other files that are read, such as a key. */
  readonly alsoRead: readonly string[];
  /** Told when all is written, and nothing left but to wait for the disk. */
  readonly onWritten?: () => void;
}

/** A file that is not there yet; its directories are made together with it. */
export class ResultFile implements Output {
  readonly name: string;
  readonly isReleased = false;
  readonly #options: ResultFileOptions;
  #mode: number | undefined;
  #file: AtomicFile | undefined;
  #ended = false;

  constructor(options: ResultFileOptions) {
    this.#options = options;
    this.name = path.join(options.directory.path, options.below);
  }

  /**
   * Whether there is such a file already.
   *
   * @throws KmsAsymError `file-exists` when something else has its name, `write-failed`
   */
  exists(): boolean {
    let stats: fs.Stats | undefined;
    try {
      stats = fs.lstatSync(this.name, { throwIfNoEntry: false });
    } catch (error) {
      throw writeFailed(`"${this.name}"`, error);
    }
    if (stats?.isFile() === false) {
      throw new KmsAsymError('file-exists', `"${this.name}" is there already, and is no regular file`);
    }
    this.#mode = stats && stats.mode & 0o777;
    return stats !== undefined;
  }

  /** @throws KmsAsymError `file-exists`, `same-file`, `write-failed` */
  check(input?: FileIdentity): void {
    if (!this.exists()) return;
    refuseInput(this.name, `"${this.name}"`, input, this.#options.alsoRead);
    if (!this.#options.force) throw alreadyExists(`"${this.name}"`);
  }

  /** Removes what a run left that was killed right after it gave the file its name. */
  tidy(): void {
    removeLeftovers(this.name);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#do((file) => file.write(bytes));
  }

  reserve(bytes: number): FileRegion {
    this.#file ??= this.#open();
    return this.#file.reserve(bytes);
  }

  async commit(): Promise<void> {
    this.#options.onWritten?.();
    await this.#do((file) => file.commit());
    this.#ended = true;
  }

  abort(): void {
    if (!this.#ended) this.#file?.abort();
    this.#ended = true;
  }

  async #do(step: (file: AtomicFile) => Promise<void>): Promise<void> {
    if (this.#ended) throw new Error('the output has ended');
    try {
      this.#file ??= this.#open();
      await step(this.#file);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  #open(): AtomicFile {
    const { directory, below, force, secret } = this.#options;
    directory.makeFor(below);
    return new AtomicFile({
      target: this.name,
      subject: `"${this.name}"`,
      replace: force,
      mode: secret ? 0o600 : this.#mode,
    });
  }
}
