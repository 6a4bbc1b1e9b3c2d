/**
 * Writing to a descriptor while the next bytes are made: another thread hands them to the system. To be worth it they go
 * in blocks; a block ends early when nothing is being written, so that nothing waits for bytes to come.
 */
import fs from 'node:fs';
import { errnoOf } from '../errors.js';
import { createReadBuffer, describeWriteFailure, WRITTEN, writeRest } from './descriptor.js';

/** Half as many cost a tenth more time; twice as many gain nothing. */
const BLOCK_BYTES = 1025 * 1024;

/** A descriptor and what is still on its way there: at most two blocks. */
export class WriteBehind {
  readonly #fd: number;
  readonly #subject: string;
  /** What comes next. */
  #block = createReadBuffer(BLOCK_BYTES);
  #used = 0;
  /** What is being written, or was. */
  #spare = createReadBuffer(BLOCK_BYTES);
  /** Settles with success when the spare block is free again; absent when it is. */
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @param subject - names the descriptor in errors */
  constructor(fd: number, subject: string) {
    this.#fd = fd;
    this.#subject = subject;
  }

  /** Memory for the next bytes, at least so many: {@link WriteBehind.write} does not copy what is made there. */
  space(bytes: number): Uint8Array | undefined {
    return bytes <= this.#block.length - this.#used ? this.#block.subarray(this.#used) : undefined;
  }

  /**
   * Takes the bytes, which may then change. Mostly that is done when it returns, and it returns {@link WRITTEN}.
   *
   * @throws KmsAsymError as {@link writeDescriptor}, also about earlier bytes. As a rejection.
   */
  write(bytes: Uint8Array): Promise<void> {
    const room = this.#block.length - this.#used;
    if (bytes.length > room || this.#failure) return this.#writeInParts(bytes);
    this.#take(bytes);
    return WRITTEN;
  }

  /** Resolves when all bytes are handed to the system; rejects as {@link WriteBehind.write}. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  async #writeInParts(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length;) {
      if (this.#failure) throw this.#failure;
      if (this.#used === this.#block.length) await this.#writing;
      const part = bytes.subarray(offset, offset + this.#block.length - this.#used);
      this.#take(part);
      offset += part.length;
    }
  }

  #take(bytes: Uint8Array): void {
    const { buffer, byteOffset } = this.#block;
    const isThere = bytes.buffer === buffer && bytes.byteOffset === byteOffset + this.#used;
    if (!isThere) this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
    if (!this.#writing) this.#start();
  }

  /** Begins with the next block, if anything is in it. */
  #start(): void {
    if (this.#used === 0 || this.#failure) return;
    const bytes = this.#block.subarray(0, this.#used);
    [this.#block, this.#spare] = [this.#spare, this.#block];
    this.#used = 0;
    this.#writing = writeAside(this.#fd, bytes, this.#subject)
      .catch((error: unknown) => {
        this.#failure = error as Error;
      })
      .finally(() => {
        this.#writing = undefined;
        this.#start();
      });
  }
}

async function writeAside(fd: number, bytes: Uint8Array, subject: string): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += await write(fd, bytes, offset);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw describeWriteFailure(error, subject);
      await writeRest(fd, bytes.subarray(offset), subject);
      return;
    }
  }
}

function write(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}
