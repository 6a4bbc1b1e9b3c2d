/**
 * The files that paths lead to: a file is itself, a directory is every regular file below it, in the order of their
 * names, but for what this program leaves beside files for a moment. Links inside directories are not followed: they lead out, or around in circles.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { KmsAsymError } from '../errors.js';
import { isJournal } from './journal-entries.js';
import { readFailed } from './system-error.js';
import { isTemporary } from './temporary-name.js';

/** One file, or a place that could not be looked at. */
export interface Found {
  /** As given, or below a directory that was given. */
  readonly path: string;
  /** True when it was given itself: then it is whatever it is, also a link, a device or nothing at all. */
  readonly isNamed: boolean;
  /** Why a directory could not be read: `read-failed`. The walk goes on beside it. */
  readonly error?: KmsAsymError;
}

/** True for a directory that is not looked into. */
export type Skip = (directory: string) => boolean;

/** Yields the files one by one; what a directory holds is read when it is reached. */
export function* walk(paths: readonly string[], skip: Skip = () => false): Generator<Found, void, undefined> {
  for (const each of paths) {
    if (isDirectory(each)) yield* below(each, skip);
    else yield { path: each, isNamed: true };
  }
}

function isDirectory(name: string): boolean {
  try {
    return fs.statSync(name).isDirectory();
  } catch {
    // Missing, or out of reach: whoever opens it says so.
    return false;
  }
}

function* below(directory: string, skip: Skip): Generator<Found, void, undefined> {
  if (skip(directory)) return;
  let entries: fs.Dirent[];
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true });
  } catch (cause) {
    yield { path: directory, isNamed: false, error: readFailed(`"${directory}"`, cause) };
    return;
  }
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    const found = path.join(directory, entry.name);
    if (entry.isDirectory()) yield* below(found, skip);
    else if (entry.isFile() && !isTemporary(entry.name) && !isJournal(entry.name))
      yield { path: found, isNamed: false };
  }
}
