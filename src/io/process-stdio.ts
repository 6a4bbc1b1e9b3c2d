/**
 * Standard streams of this process, straight on descriptors 0, 1 and 2. Node's own stream objects cost milliseconds
 * to make and hide write errors, so they serve only where a descriptor cannot: terminals, sockets, non-blocking pipes.
 *
 * Node opens descriptors that the caller closed (`<&-`, `>&-`) on /dev/null before any code runs; they behave so here.
 */
import fs from 'node:fs';
import { errnoOf } from '../errors.js';
import { readDescriptor, writeDescriptor, WRITTEN } from './descriptor.js';
import { identityOf, type FileIdentity } from './file-identity.js';
import type { ByteSink, ByteSource, Stdio } from './stdio.js';
import { readFailed } from './system-error.js';
import { WriteBehind } from './write-behind.js';

/**
 * The standard streams of this process. Nothing is opened, read or asked before it is needed.
 *
 * @param descriptors - what to use in place of 0, 1 and 2
 */
export function processStdio(descriptors: readonly [number, number, number] = [0, 1, 2]): Stdio {
  return {
    stdin: new StandardInput(descriptors[0]),
    stdout: new StandardSink(descriptors[1], 'stdout'),
    stderr: new StandardSink(descriptors[2], 'stderr'),
  };
}

class StandardInput implements ByteSource {
  constructor(private readonly fd: number) {}

  get isTerminal(): boolean {
    return isTerminal(this.fd);
  }

  get identity(): FileIdentity | undefined {
    return identityOfDescriptor(this.fd);
  }

  chunks(): AsyncIterable<Uint8Array> {
    if (this.isTerminal || statsOf(this.fd)?.isSocket()) return streamChunks();
    return readDescriptor(this.fd, 'stdin', { whenNonBlocking: streamChunks });
  }
}

async function* streamChunks(): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if (errnoOf(error) !== 'EOF') throw readFailed('stdin', error);
  }
}

class StandardSink implements ByteSink {
  /** Ends when the bytes of all earlier calls are taken, or failed to be; absent when they are. */
  #unfinished: Promise<void> | undefined;
  #behind: WriteBehind | undefined;

  constructor(
    private readonly fd: number,
    private readonly name: 'stdout' | 'stderr',
  ) {}

  get isTerminal(): boolean {
    return isTerminal(this.fd);
  }

  get columns(): number | undefined {
    return this.isTerminal ? process[this.name].columns : undefined;
  }

  get identity(): FileIdentity | undefined {
    return identityOfDescriptor(this.fd);
  }

  write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return this.#inTurn(() => writeDescriptor(this.fd, bytes, this.name));
  }

  space(bytes: number): Uint8Array | undefined {
    return this.#unfinished ? undefined : this.#behind?.space(bytes);
  }

  writeBehind(bytes: Uint8Array): Promise<void> {
    if (!this.#behind && hasOneThread()) return this.write(bytes);
    const behind = (this.#behind ??= new WriteBehind(this.fd, this.name));
    return this.#inTurn(() => behind.write(bytes));
  }

  async flush(): Promise<void> {
    await this.#unfinished;
    await this.#behind?.flush();
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#unfinished ? this.#unfinished.then(write) : write();
    if (written !== WRITTEN) this.#finish(written);
    return written;
  }

  #finish(written: Promise<void>): void {
    const unfinished = written
      .catch(() => undefined)
      .then(() => {
        if (this.#unfinished === unfinished) this.#unfinished = undefined;
      });
    this.#unfinished = unfinished;
  }
}

/** True when one thread does all that waits: while it waits for input, nothing would be written. */
function hasOneThread(): boolean {
  // As libuv reads it, which has four by default.
  const { UV_THREADPOOL_SIZE: threads = '4' } = process.env;
  return !(Number.parseInt(threads, 10) > 1);
}

function isTerminal(fd: number): boolean {
  // Asking node:tty costs milliseconds; files, pipes and /dev/null are told apart without it.
  if (process.platform !== 'win32') {
    const stats = statsOf(fd);
    if (!stats?.isCharacterDevice()) return false;
    if (stats.rdev === fs.statSync('/dev/null', { bigint: true, throwIfNoEntry: false })?.rdev) return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}

function identityOfDescriptor(fd: number): FileIdentity | undefined {
  const stats = statsOf(fd);
  return stats && identityOf(stats);
}

function statsOf(fd: number): fs.BigIntStats | undefined {
  try {
    return fs.fstatSync(fd, { bigint: true });
  } catch {
    return undefined;
  }
}
