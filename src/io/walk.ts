/**
 * The files that paths lead to: a file is itself, a directory is every regular file below it, in the order of their
 * names, but for what this program leaves beside files for a moment. Links inside directories are not followed: they lead out, or around in circles.
 */
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import type { KmsAsymError } from '../errors.js';
import { nameless } from './file-name.js';
import { isJournal } from './journal-entries.js';
import { readFailed } from './system-error.js';
import { isTemporary } from './temporary-name.js';

/** One file, or a place that could not be looked at. */
export interface Found {
  /** As given, or below a directory that was given. */
  readonly path: string;
  /** True when it was given itself: then it is whatever it is, also a link, a device or nothing at all. */
  readonly isNamed: boolean;
  /** Why a directory could not be read, or that a name is no text: `read-failed`. The walk goes on beside it. */
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
  let entries: fs.Dirent<Buffer>[];
  try {
    entries = fs.readdirSync(directory, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    yield { path: directory, isNamed: false, error: readFailed(`"${directory}"`, cause) };
    return;
  }
  const named = entries.map((entry) => ({ entry, name: entry.name.toString() }));
  named.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { entry, name } of named) {
    const found = path.join(directory, name);
    if (!entry.isDirectory() && (!entry.isFile() || isTemporary(name) || isJournal(name))) continue;
    // Its path as text would lead to another file, or to none.
    if (!isUtf8(entry.name)) yield { path: found, isNamed: false, error: nameless(found) };
    else if (entry.isDirectory()) yield* below(found, skip);
    else yield { path: found, isNamed: false };
  }
}
