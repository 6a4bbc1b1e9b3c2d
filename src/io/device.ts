/** A device, FIFO or descriptor that is written in place, in order: there is nothing to replace. */
import fs from 'node:fs';
import { writeDescriptor } from './descriptor.js';
import { writeFailed } from './system-error.js';

/** An opened device. A FIFO waits here for its reader. */
export class Device {
  readonly isFinal = true;
  #fd: number | undefined;
  readonly #subject: string;

  /** @throws KmsAsymError `write-failed` */
  constructor(path: string) {
    this.#subject = `"${path}"`;
    try {
      // Never O_CREAT nor O_TRUNC. A descriptor may lead to a file: then append to what others wrote.
      this.#fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    } catch (error) {
      throw writeFailed(this.#subject, error);
    }
  }

  /** @throws KmsAsymError `write-failed`; `BrokenPipe` when the reader went away */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#fd !== undefined) await writeDescriptor(this.#fd, bytes, this.#subject);
  }

  /** @throws KmsAsymError `write-failed` */
  commit(): void {
    try {
      this.#close();
    } catch (error) {
      throw writeFailed(this.#subject, error);
    }
  }

  /** What is written cannot be taken back. */
  abort(): void {
    this.#close();
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
  }
}
