/** Reading and writing an open file descriptor to its end: short reads and writes are the rule, not the exception. */
import fs from 'node:fs';
import { errnoOf } from '../errors.js';
import { handlesSignals } from './cleanup.js';
import { BrokenPipe } from './stdio.js';
import { readFailed, writeFailed } from './system-error.js';

const CHUNK_BYTES = 256 * 1024;
/** A reader that went away, as pipes, sockets and Windows call it. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

/**
 * The bytes from the current position to the end of file, in pieces that are valid until the next one is asked for: they
 * share their memory. Reads only when asked. What can be silent, such as a pipe, is read off the main thread while
 * signals are handled by this program; otherwise the system ends it wherever it waits, and threads only cost time.
 *
 * @param subject - names the descriptor in errors
 * @param whenNonBlocking - takes over when somebody made the descriptor non-blocking and it has no bytes yet
 * @throws KmsAsymError `read-failed`
 */
export async function* readDescriptor(
  fd: number,
  subject: string,
  whenNonBlocking?: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const isNeverSilent = isFile(fd);
  for (;;) {
    let length: number;
    try {
      length = isNeverSilent || !handlesSignals() ? fs.readSync(fd, buffer) : await read(fd, buffer);
    } catch (error) {
      // Windows reports the end of a pipe as an error.
      if (errnoOf(error) === 'EOF') return;
      if (errnoOf(error) !== 'EAGAIN' || !whenNonBlocking) throw readFailed(subject, error);
      yield* whenNonBlocking();
      return;
    }
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

/** A descriptor that is not open is found out by reading. */
function isFile(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    return false;
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
 * Writes all bytes, in order.
 *
 * @param subject - names the descriptor in errors
 * @throws KmsAsymError `write-failed`; {@link BrokenPipe} when the reader went away
 */
export async function writeDescriptor(fd: number, bytes: Uint8Array, subject: string): Promise<void> {
  let waitMs = 1;
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += fs.writeSync(fd, bytes, offset);
      waitMs = 1;
    } catch (error) {
      const errno = errnoOf(error);
      if (READER_GONE.has(errno)) throw new BrokenPipe(`${subject}: the reader went away`, { cause: error });
      if (errno !== 'EAGAIN') throw writeFailed(subject, error);
      // Another process made the pipe non-blocking, and it is full. A stream of Node's would leave it so for everybody.
      const pauseMs = waitMs;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
    }
  }
}

const MAX_WAIT_MS = 32;
