/** What the system says about a file, in words. */
import { errnoOf, KmsAsymError } from '../errors.js';

const READ_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOTDIR: 'a part of its path is not a directory',
  EBADF: 'the stream is closed',
  EMFILE: 'too many open files',
  EIO: 'input/output error',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ...READ_REASONS,
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would become too large',
  EROFS: 'the file system is read-only',
  ETXTBSY: 'it is being executed',
};

/** A failed open or read of `name` as `file-not-found` or `read-failed`; an error of ours passes unchanged. */
export function readError(error: unknown, name: string): KmsAsymError {
  if (error instanceof KmsAsymError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOENT')
    return new KmsAsymError('file-not-found', `"${name}" does not exist`, { cause: error });
  return new KmsAsymError('read-failed', `cannot read "${name}": ${reason(READ_REASONS, errno)}`, {
    cause: error,
  });
}

/** A failed open, write, flush or rename of `name` as `write-failed`; an error of ours passes unchanged. */
export function writeError(error: unknown, name: string): KmsAsymError {
  if (error instanceof KmsAsymError) return error;
  const why = reason(WRITE_REASONS, errnoOf(error));
  return new KmsAsymError('write-failed', `cannot write "${name}": ${why}`, { cause: error });
}

function reason(reasons: Readonly<Record<string, string>>, errno: string | undefined): string {
  return (errno === undefined ? undefined : reasons[errno]) ?? errno ?? 'unknown reason';
}
