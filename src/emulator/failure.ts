/** Failures of the emulator itself, as its owner is told about them; requesters see `InternalFailure` alone. */
import { KmsAsymError } from '../errors.js';

/** One line without secrets: foreign errors are named only, because their messages may repeat what was worked on. */
export function describeFailure(error: unknown): string {
  if (error instanceof KmsAsymError) return error.message.replaceAll(/\s+/g, ' ');
  return error instanceof Error ? error.name : 'unknown';
}
