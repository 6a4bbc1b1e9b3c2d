/** Where data is read from: a file, a pipe, a device or stdin; opened once, read as it comes. */
import fs from 'node:fs';
import { KmsAsymError } from '../errors.js';
import { readDescriptor } from './descriptor.js';
import type { PieceSource } from './pieces.js';
import { identityOf, type FileIdentity } from './file-identity.js';
import { interruptedHead } from './head.js';
import type { ByteSource } from './stdio.js';
import { readFailed } from './system-error.js';

/** Absent on Windows. */
const { O_NONBLOCK = 0, O_NOFOLLOW: NO_FOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;
/** What is looked at before it is opened may be something else a moment later. */
const WITHOUT_WAITING = fs.constants.O_RDONLY | O_NONBLOCK;

/** A regular file that can be read at any position, by any thread, as long as its input is open. */
export interface InputFile {
  readonly fd: number;
  /** Names it in errors. */
  readonly subject: string;
  /** Bytes when it was opened. */
  readonly size: number;
}

/** An opened input. */
export interface Input {
  /** For messages: the path as given, or `stdin`. */
  readonly name: string;
  /** The path as given; absent for stdin. */
  readonly path?: string;
  /** The regular file that is read, also behind stdin; absent for anything else. */
  readonly identity?: FileIdentity | undefined;
  /** Bytes of a regular file when it was opened; absent for anything else. */
  readonly size?: number;
  /**
   * The regular file itself, where its bytes are what {@link Input.chunks} gives; absent for anything else, and for what says
   * that it is empty: files of the system do, and some of them have no positions.
   */
  readonly file?: InputFile | undefined;
  /** True when a change of the first bytes was interrupted, and they are taken from the journal of that change. */
  readonly isInterrupted?: boolean;
  /**
   * The bytes until end of file, in chunks of any size but never empty, each valid until the one after the next is asked
   * for. May be called once. Rejects with `read-failed`.
   */
  chunks(): PieceSource;
  /** Lets go of the file. May be called more than once. */
  close(): void;
}

/** True when an INPUT argument means stdin; of several inputs only one may. */
export function isStdin(path: string | undefined): path is '-' | undefined {
  return path === undefined || path === '-';
}

/**
 * Opens an input.
 *
 * @param path - as given; `-` or nothing is stdin
 * @throws KmsAsymError `file-not-found`, `read-failed`; `usage` for a terminal that nobody asked for with `-`
 */
export function openInput(path: string | undefined, stdin: ByteSource): Input {
  if (!isStdin(path)) return openFile(path);
  if (path === undefined && stdin.isTerminal) {
    throw new KmsAsymError('usage', 'no input is given, and stdin is a terminal', {
      hints: ['name a file, pipe data in, or type it after naming - as the input'],
    });
  }
  return {
    name: 'stdin',
    identity: stdin.identity,
    chunks: () => stdin.chunks(),
    close: () => undefined,
  };
}

function openFile(path: string): Input {
  const stats = statsOf(path);
  return stats.isFile() ? openRegular(path) : openLater(path);
}

/**
 * Opens one of many inputs. Only a regular file is one: a FIFO would make the others wait.
 *
 * @param isNamed - it may be a link that leads to one; otherwise it must be one itself
 * @throws KmsAsymError `file-not-found`, `read-failed`
 */
export function openRegularInput(path: string, isNamed: boolean): Input {
  // Whoever found it in a directory has looked already.
  if (isNamed && !statsOf(path).isFile()) throw notRegular(path);
  return openRegular(path, isNamed ? WITHOUT_WAITING : WITHOUT_WAITING | NO_FOLLOW);
}

function openRegular(path: string, flags?: number): Input {
  const fd = openForReading(path, flags);
  const stats = fs.fstatSync(fd, { bigint: true });
  if (flags !== undefined && !stats.isFile()) {
    fs.closeSync(fd);
    throw notRegular(path);
  }
  const head = interruptedHead(path, fd);
  const subject = quoted(path);
  const size = Number(stats.size);
  let open = true;
  return {
    name: path,
    path,
    identity: identityOf(stats),
    size,
    file: head || size === 0 ? undefined : { fd, subject, size },
    isInterrupted: head !== undefined,
    chunks: () => (head ? withHead(head, fd, subject) : readDescriptor(fd, subject)),
    close: () => {
      if (open) fs.closeSync(fd);
      open = false;
    },
  };
}

async function* withHead(head: Buffer, fd: number, subject: string): AsyncGenerator<Uint8Array> {
  let unseen = head.length;
  yield head;
  for await (const chunk of readDescriptor(fd, subject)) {
    const skipped = Math.min(unseen, chunk.length);
    unseen -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}

/** Opening a FIFO waits for its writer: not before it is read, so that refusals come first. */
function openLater(path: string): Input {
  let fd: number | undefined;
  return {
    name: path,
    path,
    chunks: async function* () {
      fd = await new Promise<number>((resolve, reject) => {
        fs.open(path, 'r', (error, opened) => {
          if (error) reject(readFailed(quoted(path), error));
          else resolve(opened);
        });
      });
      yield* readDescriptor(fd, quoted(path));
    },
    close: () => {
      if (fd !== undefined) fs.closeSync(fd);
      fd = undefined;
    },
  };
}

/**
 * The first `maxBytes` of an input, and whether there is more. Holds no more than that and one chunk, so an endless
 * input does no harm.
 *
 * @throws KmsAsymError `read-failed`
 */
export async function readUpTo(
  input: Pick<Input, 'chunks'>,
  maxBytes: number,
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input.chunks()) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const truncated = length > maxBytes;
  return { bytes: Buffer.concat(chunks, Math.min(length, maxBytes)), truncated };
}

/**
 * A whole file that must be small: a public key, a certificate. Reads FIFOs too (`<(command)`).
 *
 * @param what - what the file should be, for the error of one that is too large: `public key file`
 * @throws KmsAsymError `file-not-found`; `read-failed`, also when it is longer than `maxBytes`; `usage` for `-`
 */
export function readSmallFile(path: string, maxBytes: number, what: string): Buffer {
  if (path === '-' && !fs.existsSync(path)) {
    throw new KmsAsymError('usage', `"-" stands for stdin as input, not as ${what}`, {
      hints: ['/dev/stdin, where the input is a file'],
    });
  }
  statsOf(path);
  const fd = openForReading(path);
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length <= maxBytes; length += count) {
      count = fs.readSync(fd, buffer, length, buffer.length - length, null);
    }
    if (length <= maxBytes) return buffer.subarray(0, length);
  } catch (error) {
    throw readFailed(quoted(path), error);
  } finally {
    fs.closeSync(fd);
  }
  throw new KmsAsymError(
    'read-failed',
    `${quoted(path)} is longer than ${maxBytes} bytes, too long for a ${what}`,
  );
}

function statsOf(path: string): fs.Stats {
  let stats: fs.Stats;
  try {
    stats = fs.statSync(path);
  } catch (error) {
    throw readFailed(quoted(path), error);
  }
  if (stats.isDirectory()) throw new KmsAsymError('read-failed', `${quoted(path)} is a directory`);
  return stats;
}

function notRegular(path: string): KmsAsymError {
  return new KmsAsymError('read-failed', `${quoted(path)} is not a regular file`);
}

function openForReading(path: string, flags: number = fs.constants.O_RDONLY): number {
  try {
    return fs.openSync(path, flags);
  } catch (error) {
    throw readFailed(quoted(path), error);
  }
}

function quoted(path: string): string {
  return `"${path}"`;
}
