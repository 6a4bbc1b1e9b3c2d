/**
 * Journals as they are read. A file that is going to be changed has its journal beside it, `.NAME.kms-asym-journal`: a
 * list that is only ever appended to, in single writes, of what was about to happen. One line is
 *
 *     NONCE holds PROCESS | NONCE released | NONCE change SIZE BEFORE AFTER CHECKSUM | NONCE temporary NAME
 *
 * where NONCE tells the runs apart. What is cut short, or not as it was written, is passed over.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** The beginning of a file, before and after; both of one length. */
export interface HeadChange {
  /** Bytes of the whole file. */
  readonly size: number;
  readonly before: Buffer;
  readonly after: Buffer;
}

/** One line. */
export interface JournalEntry {
  readonly nonce: string;
  readonly what: string;
  readonly rest: string;
}

const SUFFIX = '.kms-asym-journal';
const MAX_NAME_BYTES = 255;
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;
const LINE = /^([0-9a-f]{16}) (holds|released|change|temporary)(?: (.*))?$/;
const CHANGE = /^(\d{1,16}) ([A-Za-z0-9+/=]+) ([A-Za-z0-9+/=]+) ([0-9a-f]{64})$/;

/** Neither follows a link that somebody laid there, nor waits for the writer of a pipe. Absent on Windows, which counts as 0. */
export const CAREFUL = fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Whether a file in some directory has the name of a journal. */
export function isJournal(name: string): boolean {
  return name.startsWith('.') && name.endsWith(SUFFIX);
}

/** Where the journal of a file is. A name that would become too long is cut and hashed. */
export function journalOf(target: string): string {
  const name = path.basename(target);
  const whole = `.${name}${SUFFIX}`;
  if (Buffer.byteLength(whole) <= MAX_NAME_BYTES) return path.join(path.dirname(target), whole);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return path.join(path.dirname(target), `.${Array.from(name).slice(0, 24).join('')}.${hash}${SUFFIX}`);
}

/** Whether something was left unfinished at a file, or somebody is at work on it. */
export function hasJournal(name: string): boolean {
  try {
    return fs.lstatSync(journalOf(realName(name)), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** The change that was begun last and perhaps not finished; for readers, who lock and change nothing. */
export function readUnfinished(name: string): HeadChange | undefined {
  // Hardly any file has one, and a failure to open it would cost as much as reading a small file.
  if (!hasJournal(name)) return undefined;
  let fd: number | undefined;
  try {
    const target = realName(name);
    fd = fs.openSync(journalOf(target), fs.constants.O_RDONLY | CAREFUL);
    return isTrusted(fs.fstatSync(fd), fs.statSync(target).uid) ? lastChange(readEntries(fd)) : undefined;
  } catch {
    // None, or none that may be read: then the file is what it is.
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** A journal is beside the file itself, not beside a link to it. */
function realName(name: string): string {
  return fs.lstatSync(name).isSymbolicLink() ? fs.realpathSync.native(name) : name;
}

/**
 * Whether to believe a journal. Who can write one could otherwise have others write to files out of their own reach, and
 * who can give another file its name could have them write into that.
 *
 * @param owner - user id of the owner of the file that it is about
 */
export function isTrusted(stats: fs.Stats, owner: number): boolean {
  if (!stats.isFile() || stats.nlink > 1 || stats.size > MAX_JOURNAL_BYTES) return false;
  const own = process.geteuid?.();
  return own === undefined || ([own, owner, 0].includes(stats.uid) && (stats.mode & 0o022) === 0);
}

/** All lines that are whole, in their order. */
export function readEntries(fd: number): readonly JournalEntry[] {
  const bytes = Buffer.alloc(Math.min(fs.fstatSync(fd).size, MAX_JOURNAL_BYTES));
  const length = fs.readSync(fd, bytes, 0, bytes.length, 0);
  // What stands behind the last line break is still being written.
  const lines = bytes.toString('utf8', 0, length).split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const [, nonce = '', what = '', rest = ''] = LINE.exec(line) ?? [];
    return nonce === '' ? [] : [{ nonce, what, rest }];
  });
}

/** The last change that was written down whole: whoever wrote one had first finished those before it. */
export function lastChange(entries: readonly JournalEntry[]): HeadChange | undefined {
  return entries
    .map(({ what, rest }) => (what === 'change' ? parseChange(rest) : undefined))
    .findLast((change) => change !== undefined);
}

/** The text of a `change`. */
export function formatChange({ size, before, after }: HeadChange): string {
  const texts = [String(size), before.toString('base64'), after.toString('base64')];
  return [...texts, checksum(texts)].join(' ');
}

function parseChange(text: string): HeadChange | undefined {
  const [, size = '', before = '', after = '', sum] = CHANGE.exec(text) ?? [];
  if (sum !== checksum([size, before, after])) return undefined;
  const change = {
    size: Number(size),
    before: Buffer.from(before, 'base64'),
    after: Buffer.from(after, 'base64'),
  };
  return change.before.length === change.after.length ? change : undefined;
}

function checksum(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join(' ')).digest('hex');
}
