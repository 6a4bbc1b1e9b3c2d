/**
 * Decides who signed a request. Order of the checks: a complete claim, a well-formed timestamp within 15 minutes,
 * a known access key, its security token, the signature, and last the nonce: only a request with a good signature burns
 * one, so that nobody else can make a client's nonce unusable.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import { KmsAsymError } from '../../errors.js';
import { Refusal } from '../refusal.js';
import { type AccessKey, checkSecurityToken, requireUsable } from './access-key.js';
import { NonceWindow } from './nonce-window.js';
import type { SignatureClaim, SignatureScheme, SignedRequest } from './scheme.js';
import { signatureV1 } from './v1.js';
import { signatureV3 } from './v3.js';

/** How far a request's clock may be off, and how long a nonce stays used: 15 minutes, in milliseconds. */
const MAX_SKEW_MS = 15 * 60_000;

/** Longest string to sign that an error message repeats. */
const MAX_SHOWN = 4096;

/** The scheme a request is signed in, or has to be: V3 when its headers speak of it, else V1. */
export function schemeOf(request: SignedRequest): SignatureScheme {
  if (request.headers.has('authorization')) return signatureV3;
  const namesAction = request.query.has('Action') || request.form.has('Action');
  return request.headers.has('x-acs-action') && !namesAction ? signatureV3 : signatureV1;
}

/** Verifies signatures and remembers nonces. */
export class Authenticator {
  readonly #accessKeys: ReadonlyMap<string, AccessKey>;
  readonly #clock: Clock;
  readonly #nonces = new NonceWindow();

  /** Throws `KmsAsymError` `usage` for access keys that no request could use, or two of one id. */
  constructor(accessKeys: readonly AccessKey[], clock: Clock) {
    accessKeys.forEach(requireUsable);
    this.#accessKeys = new Map(accessKeys.map((accessKey) => [accessKey.id, accessKey]));
    if (this.#accessKeys.size < accessKeys.length) {
      throw new KmsAsymError('usage', 'two access keys have the same id');
    }
    this.#clock = clock;
  }

  /** Returns the access key that signed; throws {@link Refusal} when none did. */
  authenticate(request: SignedRequest): AccessKey {
    const claim = schemeOf(request).claim(request);
    const timestampMs = this.#checkTimestamp(claim.timestamp);
    const accessKey = this.#accessKeys.get(claim.accessKeyId);
    if (accessKey === undefined) throw new Refusal('InvalidAccessKeyId.NotFound');
    const nowMs = this.#clock();
    checkSecurityToken(accessKey, claim.securityToken, nowMs);
    if (!isSignedBy(claim, accessKey.secret)) throw signatureDoesNotMatch(claim);
    // A timestamp from the future stays acceptable for longer, and its nonce has to stay used for as long.
    const expiresMs = Math.max(nowMs, timestampMs) + MAX_SKEW_MS;
    if (!this.#nonces.burn(accessKey.id, claim.nonce, nowMs, expiresMs)) {
      throw new Refusal('SignatureNonceUsed');
    }
    return accessKey;
  }

  #checkTimestamp(timestamp: string): number {
    const timestampMs = parseTimestamp(timestamp);
    if (timestampMs === undefined) throw new Refusal('InvalidTimeStamp.Format');
    if (!(Math.abs(this.#clock() - timestampMs) <= MAX_SKEW_MS))
      throw new Refusal('InvalidTimeStamp.Expired');
    return timestampMs;
  }
}

/** Milliseconds since the epoch of `YYYY-MM-DDThh:mm:ssZ`, or `undefined` when it is no such date. */
function parseTimestamp(timestamp: string): number | undefined {
  const parsedMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(parsedMs) ? undefined : parsedMs;
}

function isSignedBy(claim: SignatureClaim, secret: string): boolean {
  const expected = claim.sign(secret);
  return claim.signature?.length === expected.length && timingSafeEqual(claim.signature, expected);
}

function signatureDoesNotMatch({ stringToSign }: SignatureClaim): Refusal {
  const shown =
    stringToSign.length > MAX_SHOWN ? `${stringToSign.slice(0, MAX_SHOWN)}… (shortened)` : stringToSign;
  return new Refusal(
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. server string to sign is:${shown}`,
  );
}
