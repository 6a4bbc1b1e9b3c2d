/** Reading and writing an open file descriptor to its end: short reads and writes are the rule, not the exception. */
import fs from 'node:fs';
import { errnoOf } from '../errors.js';
import { BrokenPipe } from './stdio.js';
import { readFailed, writeFailed } from './system-error.js';
import { Turn } from './turn.js';

/** What a pipe holds, by default. */
const CHUNK_BYTES = 64 * 1024;
/** A reader that went away, as pipes, sockets and Windows call it. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

/** How to read. */
export interface ReadOptions {
  /** Where in a regular file to begin; otherwise where the descriptor stands. */
  readonly position?: number;
  /** Takes over when somebody made the descriptor non-blocking and it has no bytes yet. */
  readonly whenNonBlocking?: () => AsyncIterable<Uint8Array>;
}

/**
 * The bytes to the end of file. Reads only when asked. A regular file, and a pipe that has
 * bytes, are read at once: threads would cost more than that. What can be silent is waited for off the main thread, and
 * it never keeps the main thread for long, so that signals are handled meanwhile.
 *
 * @param subject - names the descriptor in errors
 * @returns chunks that are valid until the next one is asked for, never empty ones
 * @throws KmsAsymError `read-failed`
 */
export async function* readDescriptor(
  fd: number,
  subject: string,
  { position, whenNonBlocking }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = createReadBuffer(CHUNK_BYTES);
  const ready = openReady(fd);
  const turn = new Turn();
  let place = position ?? null;
  try {
    for (;;) {
      const length =
        (ready === undefined ? undefined : readReady(ready, buffer, place)) ?? (await read(fd, buffer));
      if (length === 0) return;
      if (place !== null) place += length;
      yield buffer.subarray(0, length);
      if (turn.isOver) await turn.pass();
    }
  } catch (error) {
    // Windows reports the end of a pipe as an error.
    if (errnoOf(error) === 'EOF') return;
    if (errnoOf(error) !== 'EAGAIN' || !whenNonBlocking) throw readFailed(subject, error);
    yield* whenNonBlocking();
  } finally {
    if (ready !== undefined && ready !== fd) fs.closeSync(ready);
  }
}

/**
 * Memory to read into, and to write from. It does not begin where a page does: there some processors (AMD, with FSRM) copy from the page
 * cache three times slower.
 */
export function createReadBuffer(bytes: number): Buffer {
  return Buffer.allocUnsafeSlow(bytes + READ_OFFSET).subarray(READ_OFFSET);
}

/** Beside the header of a block of the C library, this makes a line of the processor's cache. */
const READ_OFFSET = 48;

/**
 * A descriptor that can be read without ever waiting: that of a regular file itself, and for a pipe a second one which
 * alone is non-blocking, where the system opens those. `undefined` for anything else.
 */
function openReady(fd: number): number | undefined {
  try {
    const stats = fs.fstatSync(fd);
    if (stats.isFile()) return fd;
    if (stats.isFIFO()) return fs.openSync(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK);
  } catch {
    // Not this system, or a pipe of another user. What is wrong with the descriptor itself, reading it will say.
  }
  return undefined;
}

const { O_RDONLY, O_NONBLOCK } = fs.constants;

/** As many bytes as are there, 0 at the end; `undefined` when there are none yet. */
function readReady(fd: number, buffer: Buffer, place: number | null): number | undefined {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, place);
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
      : Promise.reject(describeFailure(error, subject));
  }
}

/** Resolved already. */
export const WRITTEN = Promise.resolve();

async function writeRest(fd: number, bytes: Uint8Array, subject: string): Promise<void> {
  let waitMs = 1;
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += fs.writeSync(fd, bytes, offset);
      waitMs = 1;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw describeFailure(error, subject);
      // Another process made the pipe non-blocking, and it is full. A stream of Node's would leave it so for everybody.
      const pauseMs = waitMs;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
    }
  }
}

const MAX_WAIT_MS = 32;

function describeFailure(error: unknown, subject: string): Error {
  if (!READER_GONE.has(errnoOf(error))) return writeFailed(subject, error);
  return new BrokenPipe(`${subject}: the reader went away`, { cause: error });
}
