/** Which file a name leads to that is going to be changed, and whether it may be. All refusals happen here. */
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, KmsAsymError } from '../errors.js';
import { O_DSYNC } from './head.js';
import { readFailed, writeFailed } from './system-error.js';

/** An opened file, and where it really is. */
export interface EditTarget {
  readonly fd: number;
  readonly path: string;
  /** False when only a copy can take its place. */
  readonly isWritable: boolean;
}

/**
 * Opens a file that is going to be changed.
 *
 * @param force - follow a symbolic link, and take a file that is read-only
 * @throws KmsAsymError `file-not-found`, `read-failed`, `write-failed`
 */
export function openEditTarget(name: string, force: boolean): EditTarget {
  const subject = `"${name}"`;
  try {
    if (fs.lstatSync(name).isSymbolicLink() && !force) {
      throw refusal(`${subject} is a symbolic link`, '--force changes the file that it leads to');
    }
    const target = fs.realpathSync.native(name);
    const stats = fs.statSync(target);
    if (!stats.isFile()) throw refusal(`${subject} is not a regular file`);
    if ((stats.mode & 0o222) === 0 && !force) {
      throw refusal(`${subject} is read-only`, '--force changes it all the same');
    }
    requireDirectory(path.dirname(target), subject);
    return open(target, subject, force);
  } catch (error) {
    throw error instanceof KmsAsymError ? error : readFailed(subject, error);
  }
}

function open(target: string, subject: string, force: boolean): EditTarget {
  try {
    return { fd: fs.openSync(target, fs.constants.O_RDWR | O_DSYNC), path: target, isWritable: true };
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' || !force) throw writeFailed(subject, error);
    return { fd: fs.openSync(target, 'r'), path: target, isWritable: false };
  }
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
