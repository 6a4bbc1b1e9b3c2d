/** Reading and writing an open file descriptor to its end: short reads and writes are the rule, not the exception. */
import fs from 'node:fs';
import { errnoOf } from '../errors.js';
import { BrokenPipe } from './stdio.js';
import { readFailed, writeFailed } from './system-error.js';

const CHUNK_BYTES = 64 * 1024;
/** A reader that went away, as pipes, sockets and Windows call it. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'EOF']);

/**
 * The bytes from the current position to the end of file. Reads only when asked; what can be silent, such as a pipe,
 * off the main thread, so that signals are handled meanwhile. A regular file is never silent, and starting threads for
 * it costs more than reading it.
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
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let length: number;
    try {
      length = fs.fstatSync(fd).isFile() ? fs.readSync(fd, buffer) : await read(fd, buffer);
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
