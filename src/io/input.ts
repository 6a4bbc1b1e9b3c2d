/** Where a command reads from: a file, a FIFO, or standard input. Never the whole of it at once. */
import { closeSync, fstatSync, open, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import { KmsAsymError } from '../errors.js';
import { readError } from './file-error.js';
import { fdChunks } from './process-stdio.js';
import type { ByteSource } from './stdio.js';

/** What makes two names one file. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** An input that exists and may be read once. */
export interface Input {
  /** For messages: the file name as given, or `standard input`. */
  readonly name: string;
  /** Of regular files. */
  readonly identity?: FileIdentity;
  /** Of regular files, in bytes. */
  readonly size?: number;
  /** All bytes in order; rejects with `KmsAsymError` `read-failed`. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Closes what is open; may be called twice. */
  close(): void;
}

/**
 * Opens a file, or standard input for `-` or nothing.
 *
 * @throws KmsAsymError `file-not-found`, `read-failed`, or `usage` when a person would be waited for silently
 */
export function openInput(path: string | undefined, stdin: ByteSource): Input {
  if (path === undefined && stdin.isTerminal) {
    throw new KmsAsymError('usage', 'no input is given, and standard input is a terminal', {
      hints: ['name a file, pipe something in, or say - to type the input'],
    });
  }
  if (path === undefined || path === '-') {
    return { name: 'standard input', chunks: () => stdin.chunks(), close: () => undefined };
  }
  return openFile(path);
}

/**
 * The first bytes of an input.
 *
 * @param maxBytes - how many at most
 * @returns those bytes, and whether there were more
 */
export async function readUpTo(
  input: Input,
  maxBytes: number,
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input.chunks()) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const bytes = Buffer.concat(chunks);
  return { bytes: bytes.subarray(0, maxBytes), truncated: length > maxBytes };
}

/**
 * A whole small file, such as a key.
 *
 * @param what - what it is, for the message when it is too large: `public key file`
 * @throws KmsAsymError `file-not-found` or `read-failed`
 */
export function readSmallFile(path: string, maxBytes: number, what: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length > maxBytes) break;
    }
    if (length <= maxBytes) return buffer.subarray(0, length);
  } catch (error) {
    throw readError(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  throw new KmsAsymError('read-failed', `"${path}" is too large for a ${what}`);
}

function openFile(path: string): Input {
  try {
    const stats = statSync(path, { bigint: true });
    if (stats.isDirectory()) throw new KmsAsymError('read-failed', `"${path}" is a directory, not a file`);
    return stats.isFile() ? regularFile(path) : specialFile(path);
  } catch (error) {
    throw readError(error, path);
  }
}

function regularFile(path: string): Input {
  const fd = openSync(path, 'r');
  const stats: BigIntStats = fstatSync(fd, { bigint: true });
  let isOpen = true;
  return {
    name: path,
    identity: { dev: stats.dev, ino: stats.ino },
    size: Number(stats.size),
    chunks: () => named(path, () => fdChunks(fd)),
    close: () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** Opening a FIFO waits for its writer, so it happens off the main thread and not before it is read. */
function specialFile(path: string): Input {
  let fd: number | undefined;
  return {
    name: path,
    chunks: () =>
      named(path, async function* () {
        fd = await new Promise<number>((resolve, reject) => {
          open(path, 'r', (error, opened) => {
            if (error) reject(error);
            else resolve(opened);
          });
        });
        yield* fdChunks(fd);
      }),
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

async function* named(path: string, chunks: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* chunks();
  } catch (error) {
    throw readError(error, path);
  }
}
