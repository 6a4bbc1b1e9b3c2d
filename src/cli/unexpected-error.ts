/** Errors that nobody foresaw. */
import { KmsAsymError } from '../errors.js';

/** The error itself if it is meant for people. Anything else is a bug and may quote anything: only its kind is shown. */
export function knownError(error: unknown): KmsAsymError {
  if (error instanceof KmsAsymError) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new KmsAsymError('unexpected', `something went wrong that should not have (${kind})`, {
    hints: ['this is a bug in kms-asym; please report the command and what it printed, without secrets'],
    cause: error,
  });
}
