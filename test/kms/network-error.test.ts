import { expect, it } from 'vitest';
import { networkError } from '../../src/kms/network-error.js';

function failed(code: string, host = 'kms.example.com') {
  return networkError(Object.assign(new Error('raw text'), { code }), host, false);
}

it.each([
  ['ENOTFOUND', 'no such host', '--region', false],
  ['EAI_AGAIN', 'the name server does not answer', '--region', true],
  ['ECONNREFUSED', 'connection refused', '--endpoint', true],
  ['EHOSTUNREACH', 'the network is unreachable', 'VPC', true],
  ['ETIMEDOUT', 'the connection attempt timed out', '', true],
  ['EMFILE', 'too many open files', 'ulimit', false],
  ['EPIPE', 'the connection was closed', 'https://', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed', '--ca-file', false],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'its certificate comes from an unknown authority',
    '--ca-file',
    false,
  ],
  ['CERT_HAS_EXPIRED', 'its certificate has expired', 'clock', false],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet', 'clock', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate belongs to another host name', '--endpoint', false],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the TLS handshake failed', 'http://127.0.0.1:port', false],
  ['E_NEVER_HEARD_OF', 'E_NEVER_HEARD_OF', '', false],
])('%s is told as "%s"', (code, what, hint, passing) => {
  const error = failed(code);
  expect(error.code).toBe('network');
  expect(error.message).toBe(`cannot connect to "kms.example.com": ${what}`);
  expect(error.hints.join('\n')).toContain(hint);
  expect(error.facts.retryReason).toBe(passing ? `${what} (${code})` : undefined);
});

it('a TLS version or cipher that is refused is not taken for no TLS at all', () => {
  const alert = 'error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version';
  const refused = networkError(Object.assign(new Error(alert), { code: 'EPROTO' }), 'h', false);
  expect(refused.message).toBe('cannot connect to "h": the TLS handshake failed');
  expect(refused.hints).toEqual([
    'the two sides agree on no version or cipher of TLS: 1.2 is the least that is spoken here',
  ]);
});

it('an answer that is not HTTP says what to check', () => {
  const error = failed('HPE_INVALID_CONSTANT');
  expect(error.message).toBe('"kms.example.com" does not answer in HTTP (HPE_INVALID_CONSTANT)');
  expect(error.hints.join()).toContain('check --endpoint');
});

it('an error without a code keeps its text to itself', () => {
  expect(networkError(new Error('raw text'), 'h', true).message).toBe('no answer from "h": unknown');
});

it.each([
  ['kms.cn-beijing.aliyuncs.com', 'kms.cn-beijing.aliyuncs.com'],
  ['kms.example.com:8443', 'kms.example.com'],
  ['a;b', 'HOST'],
])('the name of host "%s" is to be looked up as %s', (host, word) => {
  expect(failed('ENOTFOUND', host).hints).toEqual([
    `check --region or --endpoint, and that this machine resolves names: nslookup ${word}`,
  ]);
});

it('a region nobody knows is named when its host does not exist', () => {
  const hint = 'there is no region "cn-hangzou" that this program knows: did you mean "cn-hangzhou"?';
  expect(failed('ENOTFOUND', 'kms.cn-hangzou.aliyuncs.com').hints[0]).toBe(hint);
  expect(failed('EAI_AGAIN', 'kms-vpc.cn-hangzou.aliyuncs.com').hints[0]).toBe(hint);
  expect(failed('ENOTFOUND', 'kms.cn-hangzhou.aliyuncs.com').hints).toHaveLength(1);
  expect(failed('ECONNREFUSED', 'kms.cn-hangzou.aliyuncs.com').hints).toHaveLength(1);
});
