/** Credentials that an emulator accepts: a pair of id and secret, or a session of the STS with its token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';
import { Refusal } from '../refusal.js';

/** Credentials that the emulator accepts. */
export interface AccessKey {
  /** Letters, digits and `._-`. */
  readonly id: string;
  /** Printable ASCII. */
  readonly secret: string;
  /** Every request must carry it. Absent: none may. Printable ASCII. */
  readonly securityToken?: string;
  /** When the token stops working, in milliseconds since the epoch; absent: never. */
  readonly expiresMs?: number;
}

/** Throws `KmsAsymError` `usage` for a key that no request could use. Messages hold no secret. */
export function requireUsable(accessKey: AccessKey): void {
  const { id, secret, securityToken, expiresMs } = accessKey;
  if (!/^[\w.-]+$/.test(id))
    fail('the id of an access key is empty or holds other than letters, digits and "._-"');
  const isText = (text: string): boolean => /^[!-~]+$/.test(text);
  if (!isText(secret)) fail(`the secret of access key "${id}" is empty or holds other than printable ASCII`);
  if (securityToken === undefined && expiresMs === undefined) return;
  if (securityToken === undefined) fail(`access key "${id}" expires, but has no security token`);
  if (!isText(securityToken)) {
    fail(`the security token of access key "${id}" is empty or holds other than printable ASCII`);
  }
  if (Number.isNaN(expiresMs)) fail(`the expiry of access key "${id}" is no time`);
}

/** Throws `Refusal` unless a request with this token (empty: none) may use the key at this time. */
export function checkSecurityToken(accessKey: AccessKey, token: string, nowMs: number): void {
  const { securityToken, expiresMs } = accessKey;
  if (securityToken === undefined) {
    if (token !== '') throw new Refusal('InvalidSecurityToken.MismatchWithAccessKey');
    return;
  }
  if (token === '') throw new Refusal('MissingSecurityToken');
  if (!/^[!-~]+$/.test(token)) throw new Refusal('InvalidSecurityToken.Malformed');
  if (!isSame(token, securityToken)) throw new Refusal('InvalidSecurityToken.MismatchWithAccessKey');
  if (expiresMs !== undefined && nowMs >= expiresMs) throw new Refusal('InvalidSecurityToken.Expired');
}

/** In a time that tells nothing about the expected text. */
function isSame(actual: string, expected: string): boolean {
  const [a, b] = [actual, expected].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function fail(message: string): never {
  throw new KmsAsymError('usage', message);
}
