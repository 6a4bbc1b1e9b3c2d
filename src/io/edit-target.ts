/** Which file a name leads to that is going to be changed, and whether it may be. All refusals happen here. */
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, KmsAsymError } from '../errors.js';
import { O_DSYNC } from './head.js';
import { CAREFUL } from './journal-entries.js';
import { readFailed, writeFailed } from './system-error.js';

/** An opened file, and where it really is. */
export interface EditTarget {
  readonly fd: number;
  readonly path: string;
  /** False when only a copy can take its place. */
  readonly isWritable: boolean;
}

/** How much may be changed against the first look. */
export interface EditPermission {
  /** Follow a symbolic link. */
  readonly followLinks: boolean;
  /** Change a file that is read-only. */
  readonly changeReadOnly: boolean;
}

/**
 * Opens a file that is going to be changed.
 *
 * @throws KmsAsymError `file-not-found`, `read-failed`, `write-failed`
 */
export function openEditTarget(name: string, permission: EditPermission): EditTarget {
  const subject = `"${name}"`;
  try {
    if (fs.lstatSync(name).isSymbolicLink() && !permission.followLinks) {
      throw refusal(`${subject} is a symbolic link`, '--force changes the file that it leads to');
    }
    const target = fs.realpathSync.native(name);
    const stats = fs.statSync(target);
    if (!stats.isFile()) throw refusal(`${subject} is not a regular file`);
    if ((stats.mode & 0o222) === 0 && !permission.changeReadOnly) {
      throw refusal(`${subject} is read-only`, '--force changes it all the same');
    }
    requireDirectory(path.dirname(target), subject);
    return open(target, subject, permission.changeReadOnly);
  } catch (error) {
    throw readFailed(subject, error);
  }
}

function open(target: string, subject: string, changeReadOnly: boolean): EditTarget {
  const { O_RDWR, O_RDONLY } = fs.constants;
  let fd: number;
  let isWritable = true;
  try {
    fd = fs.openSync(target, O_RDWR | O_DSYNC | CAREFUL);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' || !changeReadOnly) throw writeFailed(subject, error);
    isWritable = false;
    fd = fs.openSync(target, O_RDONLY | CAREFUL);
  }
  // It may have become something else since it was looked at.
  if (fs.fstatSync(fd).isFile()) return { fd, path: target, isWritable };
  fs.closeSync(fd);
  throw refusal(`${subject} is not a regular file`);
}

/** A journal and copies need a place beside the file; that there is none is better known before a call to the service. */
function requireDirectory(directory: string, subject: string): void {
  try {
    fs.accessSync(directory, fs.constants.W_OK | fs.constants.X_OK);
  } catch (cause) {
    const { message } = writeFailed(`beside ${subject}`, cause);
    throw new KmsAsymError('write-failed', message, {
      hints: [
        'a file is changed safely with a journal or a copy beside it, so its directory must be writable',
      ],
      cause,
    });
  }
}

function refusal(message: string, ...hints: readonly string[]): KmsAsymError {
  return new KmsAsymError('write-failed', message, { hints });
}
