/**
 * Signature version 3 (ACS3-HMAC-SHA256): method, query, the signed headers and the hash of the body. Invariant:
 * whatever of the headers decides anything is among the signed ones, and the hash is taken of the body received.
 */
import { createHmac, hash } from 'node:crypto';
import { Refusal } from '../refusal.js';
import { canonicalForm } from './percent-encoding.js';
import type { SignatureClaim, SignatureScheme, SignedRequest } from './scheme.js';

const ALGORITHM = 'ACS3-HMAC-SHA256';

const AUTHORIZATION = new RegExp(
  `^${ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([^, ]+)$`,
);

type Headers = ReadonlyMap<string, string>;

/** Must be present and signed. */
const REQUIRED_HEADERS = [
  'host',
  'x-acs-action',
  'x-acs-version',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-content-sha256',
];

/** Must be signed when present. */
const SENSITIVE_HEADERS = ['x-acs-security-token', 'content-type'];

/** Of the body that most requests have. */
const EMPTY_HASH = hash('sha256', '');

/** Signature version 3. */
export const signatureV3: SignatureScheme = {
  operation({ headers }) {
    return { action: valueOf(headers, 'x-acs-action'), version: valueOf(headers, 'x-acs-version') };
  },
  claim,
};

function claim(request: SignedRequest): SignatureClaim {
  const { headers } = request;
  const [accessKeyId, signedHeaders, signature] = parseAuthorization(valueOf(headers, 'authorization'));
  requireSigned(headers, signedHeaders.split(';'));
  const bodyHash = request.body.length === 0 ? EMPTY_HASH : hash('sha256', request.body);
  const stringToSign = `${ALGORITHM}\n${hash('sha256', canonicalRequest(request, signedHeaders, bodyHash))}`;
  // A header that lies about the body is as good as a wrong signature, and must not be told from one.
  const isHashTrue = valueOf(headers, 'x-acs-content-sha256').toLowerCase() === bodyHash;
  return {
    accessKeyId,
    securityToken: valueOf(headers, 'x-acs-security-token'),
    timestamp: valueOf(headers, 'x-acs-date'),
    nonce: valueOf(headers, 'x-acs-signature-nonce'),
    signature: isHashTrue && /^[0-9a-f]{64}$/i.test(signature) ? Buffer.from(signature, 'hex') : undefined,
    stringToSign,
    sign: (secret) => createHmac('sha256', secret).update(stringToSign).digest(),
  };
}

type Authorization = [accessKeyId: string, signedHeaders: string, signature: string];

function parseAuthorization(authorization: string): Authorization {
  const match = AUTHORIZATION.exec(authorization);
  if (match === null) {
    incomplete(`the Authorization header must be "${ALGORITHM} Credential=…,SignedHeaders=…,Signature=…"`);
  }
  return match.slice(1) as Authorization;
}

function requireSigned(headers: Headers, signed: readonly string[]): void {
  const present = SENSITIVE_HEADERS.filter((name) => headers.has(name));
  for (const name of [...REQUIRED_HEADERS, ...present]) {
    if (!signed.includes(name)) incomplete(`the header "${name}" must be among the signed headers`);
  }
  for (const name of signed) {
    if (valueOf(headers, name) === '') incomplete('a signed header is not in the request');
  }
  if (signed.some((name, index) => index > 0 && name <= (signed[index - 1] ?? ''))) {
    incomplete('the signed headers must be sorted and different');
  }
}

function canonicalRequest(request: SignedRequest, signedHeaders: string, bodyHash: string): string {
  const { method, headers, query } = request;
  const lines = signedHeaders.split(';').map((name) => `${name}:${valueOf(headers, name).trim()}\n`);
  return [method, '/', canonicalForm(query), lines.join(''), signedHeaders, bodyHash].join('\n');
}

/** Empty for a header that is not there. */
function valueOf(headers: Headers, name: string): string {
  return headers.get(name) ?? '';
}

function incomplete(reason: string): never {
  throw new Refusal(
    'IncompleteSignature',
    `The request signature does not conform to Alibaba Cloud standards: ${reason}.`,
  );
}
