/** Reading and writing an open file descriptor to its end: short reads and writes are the rule, not the exception. */
import fs from 'node:fs';
import { errnoOf, KmsAsymError } from '../errors.js';
import type { Pieces, PieceSource } from './pieces.js';
import { BrokenPipe } from './stdio.js';
import { becameShorter, readFailed, writeFailed } from './system-error.js';
import { Turn } from './turn.js';

/** What a pipe holds, by default. */
const CHUNK_BYTES = 64 * 1024;
const LEAST_BYTES = 4 * 1024;
/** A reader that went away, as pipes, sockets and Windows call it. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

/** How to read. */
export interface ReadOptions {
  /** Takes over when somebody made the descriptor non-blocking and it has no bytes yet. */
  readonly whenNonBlocking?: () => PieceSource;
}

/**
 * The bytes to the end of file. Reads only when asked. A regular file, and a pipe that has
 * bytes, are read at once: threads would cost more than that. What can be silent is waited for off the main thread, and
 * it never keeps the main thread for long, so that signals are handled meanwhile.
 *
 * @param subject - names the descriptor in errors
 * @returns chunks that are valid until the one after the next is asked for, never empty ones; the iterator throws
 * KmsAsymError `read-failed`, also about a regular file that became shorter meanwhile
 */
export function readDescriptor(fd: number, subject: string, options: ReadOptions = {}): PieceSource {
  return { [Symbol.asyncIterator]: () => new DescriptorPieces(fd, subject, options) };
}

class DescriptorPieces implements Pieces {
  readonly #fd: number;
  readonly #subject: string;
  readonly #whenNonBlocking: ReadOptions['whenNonBlocking'];
  readonly #turn = new Turn();
  readonly #ready: number | undefined;
  /** Bytes of a regular file when it was opened. */
  readonly #size: number;
  #buffer: Buffer;
  #spare: Buffer;
  /** Who goes on in place of this one. */
  #other: Pieces | undefined;
  #ended = false;

  constructor(fd: number, subject: string, { whenNonBlocking }: ReadOptions) {
    this.#fd = fd;
    this.#subject = subject;
    this.#whenNonBlocking = whenNonBlocking;
    const { ready, bytes, size = 0 } = openReady(fd);
    this.#ready = ready;
    this.#size = size;
    this.#buffer = createReadBuffer(bytes);
    this.#spare = createReadBuffer(bytes);
  }

  nextNow(): Uint8Array | undefined {
    if (this.#ready === undefined || this.#ended || this.#turn.isOver) return undefined;
    try {
      const length = readReady(this.#ready, this.#buffer);
      return length === undefined ? undefined : this.#take(length);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async next(): Promise<IteratorResult<Uint8Array, unknown>> {
    if (this.#other) return this.#other.next();
    if (this.#turn.isOver) await this.#turn.pass();
    try {
      const value = this.nextNow() ?? (await this.#nextLate());
      return value ? { value } : { value, done: true };
    } catch (error) {
      // Windows reports the end of a pipe as an error.
      if (errnoOf(error) === 'EOF') return this.return();
      if (errnoOf(error) !== 'EAGAIN' || !this.#whenNonBlocking) throw this.#failure(error);
      this.#end();
      this.#other = this.#whenNonBlocking()[Symbol.asyncIterator]();
      return this.#other.next();
    }
  }

  async #nextLate(): Promise<Uint8Array | undefined> {
    return this.#ended ? undefined : this.#take(await read(this.#fd, this.#buffer));
  }

  async return(): Promise<IteratorResult<Uint8Array, unknown>> {
    this.#end();
    await this.#other?.return?.();
    return { value: undefined, done: true };
  }

  /** What was read; `undefined` at the end. */
  #take(length: number): Uint8Array | undefined {
    if (length === 0) {
      // Not by what was read: the system's own files hold less than they say.
      if (fs.fstatSync(this.#fd).size < this.#size) throw becameShorter(this.#subject);
      this.#end();
      return undefined;
    }
    const taken = this.#buffer.subarray(0, length);
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    return taken;
  }

  #failure(error: unknown): unknown {
    this.#end();
    return error instanceof KmsAsymError ? error : readFailed(this.#subject, error);
  }

  #end(): void {
    if (!this.#ended && this.#ready !== undefined && this.#ready !== this.#fd) fs.closeSync(this.#ready);
    this.#ended = true;
  }
}

/**
 * Memory to read into, and to write from. It does not begin where a page does: there some processors (AMD, with FSRM)
 * copy from the page cache three times slower.
 */
export function createReadBuffer(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes + READ_OFFSET).subarray(READ_OFFSET);
}

/** Beside the header of a block of the C library, this makes a line of the processor's cache. */
const READ_OFFSET = 48;

/**
 * A descriptor that can be read without ever waiting: that of a regular file itself, and for a pipe a second one which
 * alone is non-blocking, where the system opens those; none for anything else. And how many bytes to read at once, and
 * there are in a regular file.
 */
function openReady(fd: number): { ready?: number; bytes: number; size?: number } {
  try {
    const stats = fs.fstatSync(fd);
    // Small files are many: memory is for what they hold. The system's own files say that they hold nothing.
    const bytes = Math.min(CHUNK_BYTES, Math.max(LEAST_BYTES, stats.size + 1));
    if (stats.isFile()) return { ready: fd, bytes, size: stats.size };
    if (stats.isFIFO()) {
      return { ready: fs.openSync(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK), bytes: CHUNK_BYTES };
    }
  } catch {
    // Not this system, or a pipe of another user. What is wrong with the descriptor itself, reading it will say.
  }
  return { bytes: CHUNK_BYTES };
}

const { O_RDONLY, O_NONBLOCK } = fs.constants;

/** As many bytes as are there, 0 at the end; `undefined` when there are none yet. */
function readReady(fd: number, buffer: Buffer): number | undefined {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    if (errnoOf(error) !== 'EAGAIN') throw error;
    return undefined;
  }
}

function read(fd: number, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error) reject(error);
      else resolve(length);
    });
  });
}

/**
 * Writes all bytes, in order. Mostly that is done when it returns, and it returns {@link WRITTEN}.
 *
 * @param subject - names the descriptor in errors
 * @throws KmsAsymError `write-failed`; {@link BrokenPipe} when the reader went away. As a rejection.
 */
export function writeDescriptor(fd: number, bytes: Uint8Array, subject: string): Promise<void> {
  try {
    const written = fs.writeSync(fd, bytes);
    return written === bytes.length ? WRITTEN : writeRest(fd, bytes.subarray(written), subject);
  } catch (error) {
    return errnoOf(error) === 'EAGAIN'
      ? writeRest(fd, bytes, subject)
      : Promise.reject(describeWriteFailure(error, subject));
  }
}

/** Resolved already. */
export const WRITTEN = Promise.resolve();

/**
 * Writes all bytes, in order, to a descriptor that takes none or few of them; waits by itself. Rejects as
 * {@link writeDescriptor}.
 */
export async function writeRest(fd: number, bytes: Uint8Array, subject: string): Promise<void> {
  let waitMs = 1;
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += fs.writeSync(fd, bytes, offset);
      waitMs = 1;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw describeWriteFailure(error, subject);
      // Another process made the pipe non-blocking, and it is full. A stream of Node's would leave it so for everybody.
      const pauseMs = waitMs;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
    }
  }
}

const MAX_WAIT_MS = 32;

/** A system error of writing, as {@link writeDescriptor} throws it. */
export function describeWriteFailure(error: unknown, subject: string): Error {
  if (!READER_GONE.has(errnoOf(error))) return writeFailed(subject, error);
  return new BrokenPipe(`${subject}: the reader went away`, { cause: error });
}
