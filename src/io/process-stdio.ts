/**
 * The process's own streams by file descriptor. `process.stdin` and its kin are not touched where a plain read or
 * write does: creating them costs start-up time, and their writes may end half done when the process exits.
 */
import { fstatSync, read, statSync, writeSync, type Stats } from 'node:fs';
import { createRequire } from 'node:module';
import { errnoOf } from '../errors.js';
import { readError, writeError } from './file-error.js';
import { BrokenPipe, type ByteSink, type ByteSource, type Stdio } from './stdio.js';

const CHUNK_BYTES = 64 * 1024;

/** Standard input, output and error of this process; nothing is opened before it is used. */
export function processStdio(): Stdio {
  return {
    stdin: new FdSource(),
    stdout: new FdSink(1, 'standard output'),
    stderr: new FdSink(2, 'standard error'),
  };
}

class FdSource implements ByteSource {
  get isTerminal(): boolean {
    return isTerminal(0);
  }

  async *chunks(): AsyncIterable<Uint8Array> {
    const name = 'standard input';
    try {
      const stats = fstatSync(0);
      if (stats.isSocket() || isTerminal(0)) yield* streamChunks();
      else yield* fdChunks(0);
    } catch (error) {
      // A non-blocking pipe, as other programs leave behind: let the event loop wait for it.
      if (errnoOf(error) !== 'EAGAIN') throw readError(error, name);
      yield* streamChunks();
    }
  }
}

/** Reads a descriptor to its end, off the main thread, so that a slow writer blocks nothing. */
export async function* fdChunks(fd: number): AsyncIterable<Uint8Array> {
  for (;;) {
    const chunk = await readChunk(fd);
    if (chunk.length === 0) return;
    yield chunk;
  }
}

function readChunk(fd: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    read(fd, buffer, 0, CHUNK_BYTES, null, (error, bytesRead) => {
      // Windows ends a closed pipe with an error named EOF.
      if (error && error.code !== 'EOF') reject(error);
      else resolve(buffer.subarray(0, error ? 0 : bytesRead));
    });
  });
}

async function* streamChunks(): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of process.stdin) yield chunk as Buffer;
  } catch (error) {
    throw readError(error, 'standard input');
  }
}

class FdSink implements ByteSink {
  readonly #fd: 1 | 2;
  readonly #name: string;

  constructor(fd: 1 | 2, name: string) {
    this.#fd = fd;
    this.#name = name;
  }

  get isTerminal(): boolean {
    return isTerminal(this.#fd);
  }

  get columns(): number | undefined {
    if (!this.isTerminal) return undefined;
    return (this.#fd === 1 ? process.stdout : process.stderr).columns;
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    let offset = 0;
    while (offset < bytes.length) {
      const written = this.#tryWrite(bytes, offset);
      offset += written;
      // A full non-blocking pipe: nothing tells when it drains without creating the stream, so look again soon.
      if (written === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  #tryWrite(bytes: Uint8Array, offset: number): number {
    try {
      return writeSync(this.#fd, bytes, offset);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'EAGAIN') return 0;
      if (errno === 'EPIPE' || errno === 'EOF') throw new BrokenPipe();
      throw writeError(error, this.#name);
    }
  }
}

/** Asks cheaply first: node:tty is loaded for character devices other than the null device only. */
function isTerminal(fd: number): boolean {
  let stats: Stats;
  try {
    stats = fstatSync(fd);
  } catch {
    return false;
  }
  if (process.platform !== 'win32' && (!stats.isCharacterDevice() || stats.rdev === nullDevice()))
    return false;
  const tty = createRequire(import.meta.url)('node:tty') as typeof import('node:tty');
  return tty.isatty(fd);
}

function nullDevice(): number | undefined {
  try {
    return statSync('/dev/null').rdev;
  } catch {
    return undefined;
  }
}
