/**
 * A file that is changed under its own name: at any moment it is the old one or the new one, also after SIGKILL and
 * power loss. Its first bytes can be replaced where they are; anything else is a copy that takes its name.
 *
 * Who may read or write the file stays as it was: mode and owner are kept, links are not broken silently.
 */
import fs from 'node:fs';
import { KmsAsymError } from '../errors.js';
import { AtomicFile } from './atomic-file.js';
import { openEditTarget, type EditPermission, type EditTarget } from './edit-target.js';
import { fitsNeither, progressOf, readAt, writeHead } from './head.js';
import { Journal } from './journal.js';
import { hasJournal, journalOf } from './journal-entries.js';
import { readFailed, writeFailed } from './system-error.js';
import { Turn } from './turn.js';

const CHUNK_BYTES = 1024 * 1024;

/** How a file was changed. */
export type EditMethod = 'in place' | 'copied';

/** An opened file; nothing is changed before a method that says so. */
export class EditableFile {
  readonly #target: EditTarget;
  readonly #subject: string;
  /** What the file was when it was opened, or left by an earlier run. */
  readonly #stats: fs.BigIntStats;

  /**
   * Opens a file, and first finishes what an earlier run left unfinished there.
   *
   * @param name - as given
   * @throws KmsAsymError `file-not-found`, `read-failed`, `write-failed` for what cannot be changed safely
   */
  constructor(name: string, permission: EditPermission) {
    this.#subject = `"${name}"`;
    this.#target = openEditTarget(name, permission);
    try {
      if (hasJournal(this.#target.path)) this.#lock().remove();
      this.#stats = fs.fstatSync(this.#target.fd, { bigint: true });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Bytes of the file. */
  get size(): number {
    return Number(this.#stats.size);
  }

  /** The bytes from a position to the end. Rejects with `read-failed`. */
  // eslint-disable-next-line @typescript-eslint/require-await -- a regular file is never silent
  async *chunks(position = 0): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = position; ;) {
      let chunk: Buffer;
      try {
        chunk = readAt(this.#target.fd, at, CHUNK_BYTES);
      } catch (error) {
        throw readFailed(this.#subject, error);
      }
      if (chunk.length === 0) return;
      at += chunk.length;
      yield chunk;
    }
  }

  /**
   * Replaces the first bytes. By as many others where they are, so that the time does not depend on the size of the
   * file; otherwise by a copy of the file.
   *
   * @throws KmsAsymError `write-failed`; then the file is as it was, or the next run finishes it
   */
  async replaceHead(before: Buffer, after: Buffer): Promise<EditMethod> {
    if (before.length !== after.length || !this.#target.isWritable) {
      await this.replaceAll(before, withHead(after, this.chunks(before.length)));
      return 'copied';
    }
    const journal = this.#lock();
    let isRecorded = false;
    try {
      this.#requireUnchanged(before);
      // From here to the removal of the journal nothing waits, so no signal handler comes in between.
      isRecorded = true;
      journal.record({ size: this.size, before, after });
      writeHead(this.#target.fd, after);
    } catch (error) {
      if (isRecorded) journal.leave();
      else journal.remove();
      throw writeFailed(this.#subject, error);
    }
    journal.remove();
    return 'in place';
  }

  /**
   * Replaces the whole file, by a copy that takes its name.
   *
   * @param before - the first bytes of the file that `content` was made from
   * @throws KmsAsymError `write-failed`, and what `content` throws; then the file is as it was
   */
  async replaceAll(before: Buffer, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#requireReplaceable();
    const journal = this.#lock();
    let copy: AtomicFile | undefined;
    try {
      this.#requireUnchanged(before);
      copy = this.#createCopy();
      journal.recordTemporary(copy.temporaryName);
      await fill(copy, content, journal);
      await copy.commit(() => this.#requireUnchanged(before));
    } catch (error) {
      copy?.abort();
      throw writeFailed(this.#subject, error);
    } finally {
      journal.remove();
    }
  }

  /** Lets go of the file. */
  close(): void {
    fs.closeSync(this.#target.fd);
  }

  /** Takes the lock and finishes what an earlier holder has begun. */
  #lock(): Journal {
    const journal = Journal.lock(this.#target.path, fs.fstatSync(this.#target.fd).uid, this.#subject);
    try {
      journal.removeLeftovers();
      const change = journal.unfinished;
      const progress = change ? progressOf(change, this.#target.fd) : 'all';
      if (change && progress === 'some') writeHead(this.#target.fd, change.after);
      if (change && progress === 'other' && change.size === fs.fstatSync(this.#target.fd).size) {
        throw fitsNeither(this.#subject, journalOf(this.#target.path));
      }
      return journal;
    } catch (error) {
      journal.leave();
      throw writeFailed(this.#subject, error);
    }
  }

  #requireUnchanged(before: Buffer): void {
    const now = fs.lstatSync(this.#target.path, { bigint: true, throwIfNoEntry: false });
    const { dev, ino, size, mtimeNs } = this.#stats;
    const isSame = now?.dev === dev && now.ino === ino && now.size === size && now.mtimeNs === mtimeNs;
    if (isSame && readAt(this.#target.fd, 0, before.length).equals(before)) return;
    throw new KmsAsymError('write-failed', `${this.#subject} was changed by somebody else meanwhile`, {
      hints: ['it is left as it is; run this again'],
    });
  }

  #createCopy(): AtomicFile {
    const { mode, uid, gid } = this.#stats;
    return new AtomicFile({
      target: this.#target.path,
      subject: this.#subject,
      replace: true,
      mode: Number(mode) & 0o7777,
      owner: { uid: Number(uid), gid: Number(gid) },
    });
  }

  #requireReplaceable(): void {
    if (this.#stats.nlink > 1n) {
      throw new KmsAsymError('write-failed', `${this.#subject} has other names (hard links)`, {
        hints: [
          'it would become a copy, and they would keep the old file',
          'make it a file of its own first: cp -p FILE COPY && mv COPY FILE',
        ],
      });
    }
  }
}

async function* withHead(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* rest;
}

async function fill(copy: AtomicFile, content: AsyncIterable<Uint8Array>, journal: Journal): Promise<void> {
  const turn = new Turn();
  for await (const piece of content) {
    await copy.write(piece);
    if (!turn.isOver) continue;
    // Neither reading nor writing a file ever waits, so without this no signal would be heard before the end.
    await turn.pass();
    journal.beat();
  }
}
