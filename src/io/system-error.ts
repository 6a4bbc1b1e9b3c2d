/** Errors of the file system in the words of the program. The system's own text quotes paths unescaped, so it is not shown. */
import { errnoOf, KmsAsymError } from '../errors.js';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBADF: 'it is not open',
  EBUSY: 'it is busy',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'the file would be larger than allowed',
  EIO: 'input/output error',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it does not exist',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of its path is not a directory',
  ENXIO: 'no such device or address',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
};

/**
 * What to throw when reading fails: `file-not-found` for a missing file, else `read-failed`. Keeps a `KmsAsymError` as it
 * is.
 *
 * @param subject - what could not be read, quoted if it is a name: `"a.txt"`, `stdin`
 */
export function readFailed(subject: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  if (errnoOf(cause) === 'ENOENT') {
    return new KmsAsymError('file-not-found', `${subject} does not exist`, { cause });
  }
  return new KmsAsymError('read-failed', `cannot read ${subject}: ${reason(cause)}`, { cause });
}

/**
 * What to throw when writing fails: `write-failed`. Keeps a `KmsAsymError` as it is.
 *
 * @param subject - what could not be written, quoted if it is a name: `"a.txt"`, `stdout`
 */
export function writeFailed(subject: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  return new KmsAsymError('write-failed', `cannot write ${subject}: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  const errno = errnoOf(cause);
  return errno === undefined ? 'unknown reason' : (REASONS[errno] ?? errno);
}
