/**
 * What a PKCS #11 return value (v2.40, section 5.1) means here: a lost session to open again, or an error for
 * people. Messages name the return value and never a PIN.
 */
import { KmsAsymError } from '../../errors.js';

/** The name of the return value that a binding call failed with, for example `CKR_PIN_INCORRECT`. */
export function ckrOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof KmsAsymError) return undefined;
  return /^CKR_\w+/.exec(error.message)?.[0];
}

const LOST = new Set<string | undefined>([
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_SLOT_ID_INVALID',
]);

/** True when the session, login or handle is gone and a fresh one may work. */
export function isLost(error: unknown): boolean {
  return LOST.has(ckrOf(error));
}

const TROUBLE = new Set([...LOST, 'CKR_HOST_MEMORY', 'CKR_DEVICE_MEMORY', 'CKR_CRYPTOKI_NOT_INITIALIZED']);

/** True when a failed private operation says that its input was refused, not that the device is in trouble. */
export function isRefusal(error: unknown): boolean {
  const ckr = ckrOf(error);
  return ckr !== undefined && !TROUBLE.has(ckr);
}

const WRONG_PIN = { says: 'wrong PIN for', hint: 'check pin-value or pin-source in the pkcs11: URI' };

/** What failed while logging in (the token's label completes it), and what to do about it. */
const LOGIN_FAILURES = new Map<string | undefined, { says: string; hint: string }>([
  ['CKR_PIN_INCORRECT', WRONG_PIN],
  ['CKR_PIN_INVALID', WRONG_PIN],
  ['CKR_PIN_LEN_RANGE', WRONG_PIN],
  [
    'CKR_PIN_LOCKED',
    {
      says: 'the PIN is locked for',
      hint: 'unlock it as the security officer, for example with pkcs11-tool --init-pin',
    },
  ],
  [
    'CKR_PIN_EXPIRED',
    {
      says: 'the PIN has expired for',
      hint: 'change it, for example with pkcs11-tool --change-pin',
    },
  ],
  [
    'CKR_USER_PIN_NOT_INITIALIZED',
    {
      says: 'no user PIN has been set for',
      hint: 'set one as the security officer, for example with pkcs11-tool --init-pin',
    },
  ],
]);

/** True for what {@link loginError} made of a PIN that is not the token's. */
export function isWrongPin(error: unknown): boolean {
  return error instanceof KmsAsymError && ckrOf(error.cause) === 'CKR_PIN_INCORRECT';
}

/** A failed C_Login for people; `token` is the label. */
export function loginError(token: string, cause: unknown): KmsAsymError {
  const failure = LOGIN_FAILURES.get(ckrOf(cause));
  if (failure === undefined) return deviceError(`log in to the token "${token}"`, cause);
  return new KmsAsymError('emulator', `${failure.says} the token "${token}"`, {
    hints: [failure.hint],
    cause,
  });
}

/** Any other failed call for people; `action` completes "the HSM could not …". Keeps a `KmsAsymError` as it is. */
export function deviceError(action: string, cause: unknown): KmsAsymError {
  if (cause instanceof KmsAsymError) return cause;
  const ckr = ckrOf(cause);
  return new KmsAsymError('emulator', `the HSM could not ${action}${ckr === undefined ? '' : ` (${ckr})`}`, {
    cause,
  });
}
