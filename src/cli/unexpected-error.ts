/** Errors that nobody foresaw. */
import { errnoOf, KmsAsymError, systemFailure } from '../errors.js';

/** Limits of the system that anything can meet, also loading a part of this program. */
const LIMITS: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

/** The error itself if it is meant for people. Anything else is a bug and may quote anything: only its kind is shown. */
export function knownError(error: unknown): KmsAsymError {
  if (error instanceof KmsAsymError) return error;
  if (LIMITS.has(errnoOf(error)))
    return systemFailure('read-failed', 'cannot read what this run needs', error);
  const kind = error instanceof Error ? error.name : typeof error;
  return new KmsAsymError('unexpected', `something went wrong that should not have (${kind})`, {
    hints: ['this is a bug in kms-asym; please report the command and what it printed, without secrets'],
    cause: error,
  });
}
