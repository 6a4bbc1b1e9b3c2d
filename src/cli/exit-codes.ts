/**
 * Exit statuses: few, documented in the README (a test compares), one for each error code. Signals end a run with
 * 128 + n, as in every shell.
 */
import type { ErrorCode } from '../errors.js';

/** What each exit status means, in the words of the README. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: 'ok',
  1: 'unexpected: a bug in kms-asym',
  2: 'usage: the command line is wrong',
  3: 'the data say no: undecryptable, damaged, wrong key, wrong fingerprint, wrong signature, too long, key in use',
  4: 'the service refused',
  5: 'a file or stream could not be read or written',
  6: 'network, timeout, or the service is unavailable',
  7: 'credentials or configuration',
  8: 'some of a batch failed',
};

/** Exit status of each error code. */
export const EXIT_STATUS = {
  unexpected: 1,
  usage: 2,
  'invalid-public-key': 3,
  'invalid-identity': 3,
  'fingerprint-mismatch': 3,
  'key-mismatch': 3,
  'key-in-use': 3,
  'input-too-large': 3,
  'invalid-ciphertext': 3,
  undecryptable: 3,
  'invalid-environment': 3,
  'invalid-signature': 3,
  'service-refused': 4,
  'invalid-response': 6,
  'file-not-found': 5,
  'file-exists': 5,
  'same-file': 5,
  terminal: 5,
  'read-failed': 5,
  'write-failed': 5,
  network: 6,
  timeout: 6,
  unavailable: 6,
  credentials: 7,
  configuration: 7,
  emulator: 7,
} as const satisfies Record<ErrorCode, number>;

/** Status of a run over many files in which some failed. */
export const SOME_FAILED_STATUS = 8;

/** Status of a run whose reader closed the pipe: what SIGPIPE would have given. */
export const BROKEN_PIPE_STATUS = 128 + 13;
