/**
 * Signature version 1.0 (HMAC-SHA1) of the RPC style: every parameter of query and body except `Signature`, sorted
 * and percent-encoded, under `METHOD&%2F&`. Headers are not signed, so nothing is ever taken from them.
 */
import { createHmac } from 'node:crypto';
import { decodeBase64 } from '../../crypto/encoding.js';
import { Refusal } from '../refusal.js';
import type { ServiceErrorCode } from '../service-errors.js';
import { canonicalForm, percentEncode } from './percent-encoding.js';
import type { SignatureClaim, SignatureScheme, SignedRequest } from './scheme.js';

/** Signature version 1.0. */
export const signatureV1: SignatureScheme = {
  operation(request) {
    const { query, form } = request;
    const read = (name: string): string => query.get(name) ?? form.get(name) ?? '';
    return { action: read('Action'), version: read('Version') };
  },
  claim,
};

const FIXED = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' } as const;

function claim(request: SignedRequest): SignatureClaim {
  const parameters = new Map([...request.query, ...request.form]);
  const required = (name: string, code: ServiceErrorCode): string => {
    const value = parameters.get(name) ?? '';
    if (value === '') throw new Refusal(code);
    return value;
  };
  const accessKeyId = required('AccessKeyId', 'MissingAccessKeyId');
  const signature = required('Signature', 'MissingSignature');
  const method = required('SignatureMethod', 'MissingSignatureMethod');
  const version = required('SignatureVersion', 'MissingSignatureVersion');
  if (method !== FIXED.SignatureMethod || version !== FIXED.SignatureVersion) {
    throw new Refusal('IncompleteSignature');
  }
  parameters.delete('Signature');
  const stringToSign = `${request.method}&%2F&${percentEncode(canonicalForm(parameters))}`;
  return {
    accessKeyId,
    securityToken: parameters.get('SecurityToken') ?? '',
    timestamp: required('Timestamp', 'MissingTimestamp'),
    nonce: required('SignatureNonce', 'MissingSignatureNonce'),
    signature: decodeBase64(signature),
    stringToSign,
    sign: (secret) => createHmac('sha1', `${secret}&`).update(stringToSign).digest(),
  };
}
