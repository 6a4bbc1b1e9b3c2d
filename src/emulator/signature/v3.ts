/**
 * Signature version 3 (ACS3-HMAC-SHA256): method, query, the signed headers and the hash of the body. Invariant:
 * whatever of the headers decides anything is among the signed ones, and the hash is taken of the body received.
 */
import { createHash, createHmac } from 'node:crypto';
import { Refusal } from '../refusal.js';
import { canonicalForm } from './percent-encoding.js';
import type { SignatureClaim, SignatureScheme, SignedRequest } from './scheme.js';

const ALGORITHM = 'ACS3-HMAC-SHA256';

const AUTHORIZATION = new RegExp(
  `^${ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([^, ]+)$`,
);

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

/** Signature version 3. */
export const signatureV3: SignatureScheme = {
  operation({ headers }) {
    return { action: headers.get('x-acs-action') ?? '', version: headers.get('x-acs-version') ?? '' };
  },
  claim,
};

function claim(request: SignedRequest): SignatureClaim {
  const { headers } = request;
  const [, accessKeyId = '', signedHeaders = '', signature = ''] =
    AUTHORIZATION.exec(headers.get('authorization') ?? '') ??
    incomplete(`the Authorization header must be "${ALGORITHM} Credential=…,SignedHeaders=…,Signature=…"`);
  requireSigned(headers, signedHeaders.split(';'));
  const bodyHash = createHash('sha256').update(request.body).digest('hex');
  const stringToSign = `${ALGORITHM}\n${sha256Hex(canonicalRequest(request, signedHeaders, bodyHash))}`;
  const header = (name: string): string => headers.get(name) ?? '';
  // A header that lies about the body is as good as a wrong signature, and must not be told from one.
  const isHashTrue = header('x-acs-content-sha256').toLowerCase() === bodyHash;
  return {
    accessKeyId,
    securityToken: header('x-acs-security-token'),
    timestamp: header('x-acs-date'),
    nonce: header('x-acs-signature-nonce'),
    signature: isHashTrue && /^[0-9a-f]{64}$/i.test(signature) ? Buffer.from(signature, 'hex') : undefined,
    stringToSign,
    sign: (secret) => createHmac('sha256', secret).update(stringToSign).digest(),
  };
}

function requireSigned(headers: ReadonlyMap<string, string>, signed: readonly string[]): void {
  const present = SENSITIVE_HEADERS.filter((name) => headers.has(name));
  for (const name of [...REQUIRED_HEADERS, ...present]) {
    if (!signed.includes(name)) incomplete(`the header "${name}" must be among the signed headers`);
  }
  for (const name of signed) {
    if ((headers.get(name) ?? '') === '') incomplete('a signed header is not in the request');
  }
  if (signed.some((name, index) => index > 0 && name <= (signed[index - 1] ?? ''))) {
    incomplete('the signed headers must be sorted and different');
  }
}

function canonicalRequest(request: SignedRequest, signedHeaders: string, bodyHash: string): string {
  const { method, headers, query } = request;
  const canonicalHeaders = signedHeaders
    .split(';')
    .map((name) => `${name}:${(headers.get(name) ?? '').trim()}\n`)
    .join('');
  return [method, '/', canonicalForm(query), canonicalHeaders, signedHeaders, bodyHash].join('\n');
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function incomplete(reason: string): never {
  throw new Refusal(
    'IncompleteSignature',
    `The request signature does not conform to Alibaba Cloud standards: ${reason}.`,
  );
}
