/**
 * A directory that results are written below, and directories in it that are made when they are needed. Links in it are
 * not followed: whoever laid one there would choose where results go.
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeDirectories } from '../directories.js';
import { errnoOf, KmsAsymError } from '../errors.js';
import { writeFailed } from './system-error.js';

/** The directory at `path`, which may be a link itself. */
export class OutputDirectory {
  readonly #ready = new Set<string>();
  readonly #mode: number;

  /** `secret`: names of plaintext files say much too, so that what is made gets mode 0700. */
  constructor(
    readonly path: string,
    secret: boolean,
  ) {
    this.#mode = secret ? 0o700 : 0o777;
  }

  /**
   * Looks whether it is there; makes nothing.
   *
   * @throws KmsAsymError `write-failed` when something else is
   */
  exists(): boolean {
    try {
      const stats = fs.statSync(this.path, { throwIfNoEntry: false });
      if (stats?.isDirectory() === false) throw notDirectory(this.path);
      return stats !== undefined;
    } catch (error) {
      throw asWriteFailed(this.path, error);
    }
  }

  /**
   * Makes the directory of a result and those above it, as far as they are missing.
   *
   * @param below - path of the result below this directory, without `..`
   * @throws KmsAsymError `write-failed`, also for a link that would be followed
   */
  makeFor(below: string): void {
    const parent = path.dirname(below);
    if (this.#ready.has(parent)) return;
    try {
      if (parent !== '.') this.makeFor(parent);
      else if (!this.exists()) makeDirectories(this.path, this.#mode);
      if (parent !== '.') makeDirectory(path.join(this.path, parent), this.#mode);
    } catch (error) {
      throw asWriteFailed(path.join(this.path, parent), error);
    }
    this.#ready.add(parent);
  }
}

function makeDirectory(name: string, mode: number): void {
  try {
    fs.mkdirSync(name, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const stats = fs.lstatSync(name);
    if (stats.isDirectory()) return;
    if (!stats.isSymbolicLink()) throw notDirectory(name);
    throw new KmsAsymError('write-failed', `"${name}" is a symbolic link, and results do not go through one`);
  }
}

function notDirectory(name: string): KmsAsymError {
  return new KmsAsymError('write-failed', `"${name}" is not a directory`);
}

function asWriteFailed(name: string, error: unknown): KmsAsymError {
  return writeFailed(`"${name}"`, error);
}
