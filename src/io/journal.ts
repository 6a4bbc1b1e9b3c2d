/**
 * The lock on a file that is going to be changed, and its memory: what is about to happen is written down beside the
 * file before it happens, so that the next run can finish it, whatever ended this one.
 *
 * The journal belongs to the first line whose process still runs, and only the holder ever removes it. So nobody
 * removes what another one has just taken over, and what dead holders left undone is done by one at a time.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, KmsAsymError } from '../errors.js';
import { syncDirectory } from './atomic-file.js';
import { removeOnExit } from './cleanup.js';
import {
  CAREFUL,
  formatChange,
  isTrusted,
  journalOf,
  lastChange,
  readEntries,
  type HeadChange,
} from './journal-entries.js';
import { isRunning, ownProcess, PROCESS_NAME, type ProcessName } from './process-place.js';
import { writeFailed } from './system-error.js';
import { isTemporary } from './temporary-name.js';

/** A holder that cannot be seen from here, and that gave no sign for so long, has ended. */
const SILENCE_MS = 120_000;
const { O_APPEND, O_CREAT, O_RDWR } = fs.constants;
/** How a link and a directory refuse to be opened. */
const IN_THE_WAY = new Set<string | undefined>(['ELOOP', 'EISDIR']);

/** The lock on one file, held. */
export class Journal {
  readonly #nonce = randomBytes(8).toString('hex');
  #removed: (() => void) | undefined;

  private constructor(
    private readonly fd: number,
    private readonly file: string,
  ) {}

  /**
   * Locks a file.
   *
   * @param owner - its user id, who may have left a journal too
   * @param subject - what to call the file in messages
   * @throws KmsAsymError `write-failed`, also when another run holds the lock
   */
  static lock(target: string, owner: number, subject: string): Journal {
    const file = journalOf(target);
    for (let tries = 0; tries < 100; tries += 1) {
      const journal = Journal.#open(file, owner, subject);
      if (journal.#isAtItsPlace()) return journal;
      // Whoever held it has just removed it: begin again with a new one.
      fs.closeSync(journal.fd);
    }
    throw busy(subject, '');
  }

  static #open(file: string, owner: number, subject: string): Journal {
    let fd: number | undefined;
    try {
      fd = fs.openSync(file, O_RDWR | O_APPEND | O_CREAT | CAREFUL, 0o600);
      if (!isTrusted(fs.fstatSync(fd), owner)) throw notOurs(file);
      const journal = new Journal(fd, file);
      journal.#append('holds', ownProcess());
      const holder = journal.#findHolder();
      if (holder === undefined) return journal;
      journal.#append('released');
      throw busy(subject, /:(\d+):/.exec(holder)?.[1] ?? '');
    } catch (error) {
      if (fd !== undefined) fs.closeSync(fd);
      throw IN_THE_WAY.has(errnoOf(error)) ? notOurs(file) : writeFailed(`beside ${subject}`, error);
    }
  }

  /** What an earlier holder began and perhaps did not finish. */
  get unfinished(): HeadChange | undefined {
    return lastChange(readEntries(this.fd));
  }

  /** Removes the temporary files that earlier holders left beside the file. */
  removeLeftovers(): void {
    for (const { what, rest } of readEntries(this.fd)) {
      if (what !== 'temporary' || path.basename(rest) !== rest || !isTemporary(rest)) continue;
      fs.rmSync(path.join(path.dirname(this.file), rest), { force: true });
    }
  }

  /** Writes down a change, durably: from now on the journal must stay until the change is made. */
  record(change: HeadChange): void {
    this.#append('change', formatChange(change));
    fs.fsyncSync(this.fd);
    syncDirectory(path.dirname(this.file));
  }

  /** Writes down the name of a temporary file beside the file; signals remove the journal from now on. */
  recordTemporary(name: string): void {
    this.#append('temporary', name);
    this.#removed = removeOnExit(this.file);
  }

  /** A sign of life for those who cannot see this process. */
  beat(): void {
    const now = new Date();
    fs.futimesSync(this.fd, now, now);
  }

  /** Lets others in, and leaves nothing behind: all is done. */
  remove(): void {
    fs.rmSync(this.file, { force: true });
    this.#removed?.();
    fs.closeSync(this.fd);
  }

  /** Lets others in, who find what was recorded. */
  leave(): void {
    try {
      this.#append('released');
    } catch {
      // Full or broken: then it is held until this process ends.
    }
    fs.closeSync(this.fd);
  }

  #append(what: string, ...rest: readonly string[]): void {
    // A line that was cut short must not swallow the next one, hence the line break at both ends.
    const line = Buffer.from(`\n${[this.#nonce, what, ...rest].join(' ')}\n`);
    if (fs.writeSync(this.fd, line) === line.length) return;
    throw Object.assign(new Error('the journal was not written whole'), { code: 'ENOSPC' });
  }

  #findHolder(): ProcessName | undefined {
    const earlier = new Map<string, ProcessName>();
    for (const { nonce, what, rest } of readEntries(this.fd)) {
      if (nonce === this.#nonce) break;
      if (what === 'holds' && PROCESS_NAME.test(rest)) earlier.set(nonce, rest);
      if (what === 'released') earlier.delete(nonce);
    }
    const isSilent = Date.now() - fs.fstatSync(this.fd).mtimeMs > SILENCE_MS;
    return [...earlier.values()].find((name) => isRunning(name) ?? !isSilent);
  }

  #isAtItsPlace(): boolean {
    const place = fs.lstatSync(this.file, { bigint: true, throwIfNoEntry: false });
    return place?.ino === fs.fstatSync(this.fd, { bigint: true }).ino;
  }
}

function busy(subject: string, pid: string): KmsAsymError {
  const who = pid === '' ? 'another run' : `another run, process ${pid},`;
  return new KmsAsymError('write-failed', `${who} is at work on ${subject}`, {
    hints: ['run this again when it has ended'],
  });
}

function notOurs(file: string): KmsAsymError {
  return new KmsAsymError('write-failed', `"${file}" is in the way: it is no journal of yours`, {
    hints: ['find out who made it, and remove it'],
  });
}
