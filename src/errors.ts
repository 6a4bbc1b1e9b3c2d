/**
 * The one error class users see. Every foreign error (file system, SDK, OpenSSL, sockets) is wrapped into it
 * at the border that knows its meaning; whatever is not a {@link KmsAsymError} is a bug and is reported as one.
 */

/**
 * Stable machine-readable reasons, mirrored in `--json` error objects. Codes are never renamed; the exit
 * status of each one is in `cli/exit-codes.ts`.
 */
export type ErrorCode =
  | 'unexpected'
  | 'usage'
  | 'invalid-public-key'
  | 'invalid-identity'
  | 'fingerprint-mismatch'
  | 'key-mismatch'
  | 'key-in-use'
  | 'input-too-large'
  | 'invalid-ciphertext'
  | 'undecryptable'
  | 'invalid-environment'
  | 'invalid-signature'
  | 'service-refused'
  | 'invalid-response'
  | 'file-not-found'
  | 'file-exists'
  | 'same-file'
  | 'terminal'
  | 'read-failed'
  | 'write-failed'
  | 'network'
  | 'timeout'
  | 'unavailable'
  | 'credentials'
  | 'configuration'
  | 'emulator';

/** What the service said about a refused or failed call; `requestId` is what its support asks for. */
export interface ServiceDetails {
  /** The service's error code, for example `Forbidden.KeyNotFound`. */
  readonly code: string;
  /** HTTP status of the answer. */
  readonly httpStatus: number;
  /** The service's RequestId, empty when the answer carried none. */
  readonly requestId: string;
  /** The action that was called, for example `AsymmetricDecrypt`. */
  readonly action: string;
}

/** Optional parts of a {@link KmsAsymError}. */
export interface ErrorDetails {
  /** Lines that say what to do or type instead, most useful first. */
  readonly hints?: readonly string[];
  /** The error this one explains; never shown to users, kept for debuggers. */
  readonly cause?: unknown;
  /** Set when the service answered with an error of its own. */
  readonly service?: ServiceDetails | undefined;
}

/**
 * An error with a stable code, a message for people (lower case, no full stop, objects in quotes) and hints.
 * Messages never contain plaintext, private keys, credentials or signatures.
 */
export class KmsAsymError extends Error {
  override readonly name = 'KmsAsymError';
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  readonly service: ServiceDetails | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hints = details.hints ?? [];
    this.service = details.service;
  }
}

/** What of an error can be said in other words. */
export type ErrorWords = Partial<Pick<KmsAsymError, 'code' | 'message' | 'hints'>>;

/**
 * An error in other words, with the first one as its cause. What is no {@link KmsAsymError} is a bug, and stays what
 * it is.
 */
export function reworded<T>(error: T, reword: (error: KmsAsymError) => ErrorWords): T | KmsAsymError {
  if (!(error instanceof KmsAsymError)) return error;
  const { code, message, hints, service } = error;
  const words = { code, message, hints, ...reword(error) };
  return new KmsAsymError(words.code, words.message, { hints: words.hints, cause: error, service });
}

/** What is wrong with one thing of many, with its name, which the message may have already. */
export function messageAbout(name: string, { message }: KmsAsymError): string {
  return message.includes(`"${name}"`) ? message : `"${name}": ${message}`;
}

/** An error about one thing of many, with its name; anything else as it is. */
export function namedError<T>(name: string, error: T): T | KmsAsymError {
  return reworded(error, (known) => ({ message: messageAbout(name, known) }));
}

/** Any text as one word of a POSIX shell, for hints that say what to type; plain where that is enough. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The code of the service in a caught value, or `undefined` if it has none. */
export function serviceCodeOf(error: unknown): string | undefined {
  return error instanceof KmsAsymError ? error.service?.code : undefined;
}

/** The system's error name (`ENOENT`, `ECONNREFUSED`, …) of a caught value, or `undefined` if it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  if (error.code === 'UNKNOWN' && isQuota(error)) return 'EDQUOT';
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Node has no name for it. */
function isQuota(error: object): boolean {
  const { EDQUOT } = process.getBuiltinModule('node:os').constants.errno;
  return 'errno' in error && error.errno === -EDQUOT;
}

const WHO_MAY = '"id" says who you are, "ls -ld" on it and its directory who may';
/** What can be wrong with a file in the eyes of the system, and what helps. Its own text quotes paths unescaped. */
const SYSTEM_REASONS: Readonly<Record<string, readonly [reason: string, ...hints: string[]]>> = {
  EACCES: ['permission denied', WHO_MAY],
  EBADF: ['it is not open'],
  EBUSY: ['it is busy'],
  EEXIST: ['something else is there'],
  ERR_FS_EISDIR: ['it is a directory'],
  EDQUOT: ['disk quota exceeded', 'make room, then run the same again'],
  EFBIG: ['the file would be larger than allowed', '"ulimit -f" says how large a file may be'],
  EIO: ['input/output error', 'the device under it fails: "dmesg" may say more'],
  EISDIR: ['it is a directory'],
  ELOOP: ['too many symbolic links'],
  EMFILE: ['too many open files', '"ulimit -n 4096" allows more'],
  ENFILE: ['too many open files in the whole system'],
  ENAMETOOLONG: ['the name is too long'],
  ENOENT: ['it does not exist'],
  ENOSPC: ['no space left on the device', 'make room ("df" and "df -i" show where), then run the same again'],
  ENOTDIR: ['a part of its path is not a directory'],
  ENXIO: ['no such device or address'],
  EPERM: ['operation not permitted', WHO_MAY],
  EROFS: ['the file system is read-only', 'write to another place'],
};

/** Why the system could not do something with a file, in words; its name for it where there are none. */
export function systemReason(error: unknown): string {
  const errno = errnoOf(error) ?? 'unknown reason';
  return SYSTEM_REASONS[errno]?.[0] ?? errno;
}

/**
 * What the system could not do with a file, why, and what helps.
 *
 * @param what - without the reason: `cannot read "key.pem"`
 */
export function systemFailure(code: ErrorCode, what: string, cause: unknown): KmsAsymError {
  const hints = SYSTEM_REASONS[errnoOf(cause) ?? '']?.slice(1) ?? [];
  return new KmsAsymError(code, `${what}: ${systemReason(cause)}`, { hints, cause });
}
