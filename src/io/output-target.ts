/** What stands where an output is to go, and whether it may go there. */
import { lstatSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, KmsAsymError } from '../errors.js';
import { writeError } from './file-error.js';
import type { OutputOptions } from './output.js';

/** A place that may be written. */
export interface OutputTarget {
  /** The name to give the finished file: links are resolved. */
  readonly path: string;
  /** A device, FIFO or socket: written in place. */
  readonly isSpecial: boolean;
  /** Permissions of the file that is replaced. */
  readonly mode: number | undefined;
}

/**
 * Looks at the target.
 *
 * @throws KmsAsymError `same-file`, `file-exists` (without force), `file-not-found` (no such directory) or
 *   `write-failed` (a directory, a dangling link, no permission)
 */
export function inspectTarget(
  path: string,
  { force, input }: Pick<OutputOptions, 'force' | 'input'>,
): OutputTarget {
  const own = look(path, lstatSync);
  if (!own) return absentTarget(path);
  const stats = own.isSymbolicLink() ? look(path, statSync) : own;
  if (!stats) throw new KmsAsymError('write-failed', `cannot write "${path}": it is a link to nothing`);
  if (stats.isDirectory())
    throw new KmsAsymError('write-failed', `cannot write "${path}": it is a directory`);
  if (!stats.isFile()) return { path, isSpecial: true, mode: undefined };
  const identity = input?.identity;
  if (identity && identity.dev === stats.dev && identity.ino === stats.ino) {
    throw new KmsAsymError('same-file', `"${path}" is the file that is being read`, {
      hints: ['write to another name and rename it afterwards'],
    });
  }
  if (!force) throw exists(path, own.isSymbolicLink());
  return { path: realpathSync(path), isSpecial: false, mode: Number(stats.mode & 0o777n) };
}

/** The refusal to replace `path`. */
export function exists(path: string, isLink = false): KmsAsymError {
  const what = isLink ? 'exists and is a symbolic link' : 'exists already';
  return new KmsAsymError('file-exists', `"${path}" ${what}`, {
    hints: [isLink ? 'to replace what it points to: --force' : 'to replace it: --force'],
  });
}

function absentTarget(path: string): OutputTarget {
  const directory = dirname(path);
  const stats = look(directory, statSync);
  if (!stats) throw new KmsAsymError('file-not-found', `the directory "${directory}" does not exist`);
  if (!stats.isDirectory()) throw new KmsAsymError('file-not-found', `"${directory}" is not a directory`);
  return { path, isSpecial: false, mode: undefined };
}

function look(
  path: string,
  stat: (path: string, options: { bigint: true }) => BigIntStats,
): BigIntStats | undefined {
  try {
    return stat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw writeError(error, path);
  }
}
