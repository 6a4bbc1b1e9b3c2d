/** Errors of the file system, told of the files that they are about. */
import { errnoOf, KmsAsymError, systemFailure } from '../errors.js';
import { nameHints } from './file-name.js';

/**
 * What to throw when reading fails: `file-not-found` for a missing file, else `read-failed`. Keeps a `KmsAsymError` as it
 * is.
 *
 * @param subject - what could not be read, quoted if it is a name: `"a.txt"`, `stdin`
 */
export function readFailed(subject: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  if (errnoOf(cause) === 'ENOENT') {
    return new KmsAsymError('file-not-found', `${subject} does not exist`, {
      hints: nameHints(subject.replace(/^"|"$/g, '')),
      cause,
    });
  }
  return systemFailure('read-failed', `cannot read ${subject}`, cause);
}

/** What to throw when a regular file lost its end to somebody else: `read-failed`. */
export function becameShorter(subject: string): KmsAsymError {
  return new KmsAsymError('read-failed', `${subject} became shorter while it was read`, {
    hints: ['run it again when nobody writes to it'],
  });
}

/**
 * What to throw when writing fails: `write-failed`. Keeps a `KmsAsymError` as it is.
 *
 * @param subject - what could not be written, quoted if it is a name: `"a.txt"`, `stdout`
 */
export function writeFailed(subject: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  return systemFailure('write-failed', `cannot write ${subject}`, cause);
}
