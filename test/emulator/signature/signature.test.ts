import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectRefusal, runEmulator } from '../running.js';
import {
  commonV1,
  encodePairs,
  getV1,
  type Params,
  postV1,
  type RawRequest,
  send,
  signatureV1,
  signV3,
  type V3Options,
} from '../signer.js';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;
let nowMs = NOW_MS;
const running = runEmulator({ clock: () => nowMs });
const deliver = (request: RawRequest) => send(running.emulator.endpoint, request);

const v3 = (options: V3Options = {}, action = 'ListKeys') =>
  signV3(running.emulator, action, { timeMs: nowMs, ...options });
const v1 = (change: Params = {}, action = 'ListKeys') =>
  getV1(running.emulator, action, {
    Timestamp: new Date(nowMs).toISOString().replace('.000', ''),
    ...change,
  });

/** A V1 GET, changed after it was signed. */
const v1Then = (change: (params: Record<string, string>) => void) => {
  const params = commonV1(running.emulator.accessKeyId, 'ListKeys', nowMs);
  params['Signature'] = signatureV1('GET', params, running.emulator.accessKeySecret);
  change(params);
  return { method: 'GET', path: `/?${encodePairs(params)}`, headers: {}, body: '' };
};

/** A V3 request, its headers changed after it was signed. */
const v3Then = (change: Record<string, string | undefined>, options: V3Options = {}) => {
  const request = v3(options);
  const headers = Object.entries({ ...request.headers, ...change }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...request, headers: Object.fromEntries(headers) as Record<string, string> };
};

describe('a good signature is accepted', () => {
  const DESCRIPTION = "密钥 a+b=c&d !'()*~ %2F\n";

  it.each<[string, () => RawRequest]>([
    ['V1 GET', () => v1()],
    ['V1 POST form', () => postV1(running.emulator, 'ListKeys', { Timestamp: '2026-03-01T12:00:00Z' })],
    ['V1 with lower-case format', () => v1({ Format: 'json' })],
    ['V3 POST with a query', () => v3({ query: { PageSize: '3' } })],
    ['V3 GET', () => v3({ method: 'GET', query: { PageSize: '3' } })],
    ['V3 POST form', () => v3({ form: { PageSize: '3' } })],
    ['V3 with query and form', () => v3({ query: { PageNumber: '1' }, form: { PageSize: '3' } })],
    ['V3 with more signed headers', () => v3({ headers: { 'x-acs-credentials-provider': 'static_ak' } })],
    [
      'V3 with Action and Version repeated',
      () => v3({ query: { Action: 'ListKeys', Version: '2016-01-20' } }),
    ],
    ['V1 with its headers repeated', () => ({ ...v1(), headers: { 'x-acs-action': 'ListKeys' } })],
    ['a timestamp 15 minutes old', () => v3({ timeMs: nowMs - 15 * MINUTE_MS })],
    ['a timestamp 15 minutes ahead', () => v3({ timeMs: nowMs + 15 * MINUTE_MS })],
  ])('%s', async (_title, request) => {
    expect(await deliver(request())).toMatchObject({
      status: 200,
      json: { TotalCount: expect.any(Number) as number },
    });
  });

  it.each<[string, (params: Params) => RawRequest]>([
    ['V1 GET', (params) => v1(params, 'CreateKey')],
    [
      'V1 POST',
      (params) => postV1(running.emulator, 'CreateKey', { Timestamp: '2026-03-01T12:00:00Z', ...params }),
    ],
    ['V3 query', (query) => v3({ query }, 'CreateKey')],
    ['V3 form', (form) => v3({ form }, 'CreateKey')],
  ])('%s carries any text unchanged', async (_title, request) => {
    const answer = await deliver(request({ KeySpec: 'EC_P256', Description: DESCRIPTION }));
    expect(answer.json['KeyMetadata']).toMatchObject({ Description: DESCRIPTION });
  });

  it('is verified on decoded values, so the spelling of the URL does not matter', async () => {
    const params = commonV1(running.emulator.accessKeyId, 'CreateAlias', nowMs);
    const { KeyId } = await createKeyNow();
    Object.assign(params, { KeyId, AliasName: 'alias/spelled-oddly' });
    params['Signature'] = signatureV1('GET', params, running.emulator.accessKeySecret);
    const path = `/?&${encodePairs(params).replace('alias%2Fspelled', '%61lias/spelled').replace('%2B', '%2b')}&`;
    expect(await deliver({ method: 'GET', path, headers: {}, body: '' })).toMatchObject({ status: 200 });
  });

  it('allows a chunked body', async () => {
    const request = v3({ form: { PageSize: '3' } });
    const headers = { ...request.headers, 'transfer-encoding': 'chunked', 'content-length': '' };
    const { 'content-length': _length, ...chunked } = headers;
    const body = await fetchChunked(request, chunked);
    expect(body).toMatchObject({ PageSize: 3 });
  });
});

async function createKeyNow(): Promise<{ KeyId: string }> {
  const answer = await deliver(v3({ query: { KeySpec: 'EC_P256' } }, 'CreateKey'));
  return answer.json['KeyMetadata'] as { KeyId: string };
}

async function fetchChunked(request: RawRequest, headers: Params): Promise<unknown> {
  const { request: open } = await import('node:http');
  const { hostname, port } = new URL(running.emulator.endpoint);
  return new Promise((resolve, reject) => {
    const sent = open({ hostname, port, method: request.method, path: request.path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject);
    for (const character of request.body) sent.write(character);
    sent.end();
  });
}

describe('a bad V1 signature is refused', () => {
  const stranger = () => ({ ...running.emulator, accessKeyId: `LTAI5t${'x'.repeat(18)}` });
  const impostor = () => ({ ...running.emulator, accessKeySecret: 'x'.repeat(30) });
  const at = (timeMs: number) => ({ Timestamp: new Date(timeMs).toISOString().replace('.000', '') });

  it.each<[string, number, string, () => RawRequest]>([
    ['wrong secret', 400, 'SignatureDoesNotMatch', () => getV1(impostor(), 'ListKeys', at(nowMs))],
    [
      'unknown access key',
      404,
      'InvalidAccessKeyId.NotFound',
      () => getV1(stranger(), 'ListKeys', at(nowMs)),
    ],
    [
      'tampered parameter',
      400,
      'SignatureDoesNotMatch',
      () => v1Then((params) => (params['PageSize'] = '9')),
    ],
    [
      'tampered action',
      400,
      'SignatureDoesNotMatch',
      () => v1Then((params) => (params['Action'] = 'CreateKey')),
    ],
    ['tampered method', 400, 'SignatureDoesNotMatch', () => ({ ...v1(), method: 'POST' })],
    ['tampered body', 400, 'SignatureDoesNotMatch', () => tamperedPost()],
    [
      'signature that is no base64',
      400,
      'SignatureDoesNotMatch',
      () => v1Then((p) => (p['Signature'] = '%%')),
    ],
    [
      'short signature',
      400,
      'SignatureDoesNotMatch',
      () => v1Then((params) => (params['Signature'] = 'AAAA')),
    ],
    ['stale date', 400, 'InvalidTimeStamp.Expired', () => v1(at(nowMs - 16 * MINUTE_MS))],
    ['future date', 400, 'InvalidTimeStamp.Expired', () => v1(at(nowMs + 16 * MINUTE_MS))],
    [
      'date with a zone',
      400,
      'InvalidTimeStamp.Format',
      () => v1({ Timestamp: '2026-03-01T12:00:00+00:00' }),
    ],
    ['month 13', 400, 'InvalidTimeStamp.Format', () => v1({ Timestamp: '2026-13-01T12:00:00Z' })],
    ['foreign method', 400, 'IncompleteSignature', () => v1({ SignatureMethod: 'HMAC-MD5' })],
    ['foreign version', 400, 'IncompleteSignature', () => v1({ SignatureVersion: '2.0' })],
    [
      'security token',
      400,
      'InvalidSecurityToken.MismatchWithAccessKey',
      () => v1({ SecurityToken: 'CAIS' }),
    ],
    [
      'conflicting header',
      400,
      'InvalidParameter',
      () => ({ ...v1(), headers: { 'x-acs-action': 'CreateKey' } }),
    ],
    ['conflicting version', 400, 'InvalidParameter', () => ({ ...v1(), headers: { 'x-acs-version': '1' } })],
  ])('%s', async (_title, status, code, request) => {
    expectRefusal(await deliver(request()), status, code);
  });

  function tamperedPost(): RawRequest {
    const request = postV1(running.emulator, 'ListKeys', { ...at(nowMs), PageSize: '3' });
    return { ...request, body: request.body.replace('PageSize=3', 'PageSize=4') };
  }

  it.each([
    ['AccessKeyId', 'MissingAccessKeyId'],
    ['Signature', 'MissingSignature'],
    ['SignatureMethod', 'MissingSignatureMethod'],
    ['SignatureVersion', 'MissingSignatureVersion'],
    ['SignatureNonce', 'MissingSignatureNonce'],
    ['Timestamp', 'MissingTimestamp'],
    ['Action', 'MissingAction'],
    ['Version', 'MissingVersion'],
  ])('without %s', async (name, code) => {
    const request = v1Then((params) => {
      if (name === 'AccessKeyId') params[name] = '';
      else Reflect.deleteProperty(params, name);
    });
    expectRefusal(await deliver(request), 400, code);
  });
});

describe('a bad V3 signature is refused', () => {
  const form = { PageSize: '3' };

  it.each<[string, number, string, () => RawRequest]>([
    ['wrong secret', 400, 'SignatureDoesNotMatch', () => asImpostor()],
    ['unknown access key', 404, 'InvalidAccessKeyId.NotFound', () => asStranger()],
    ['tampered query', 400, 'SignatureDoesNotMatch', () => ({ ...v3(), path: '/?PageSize=9' })],
    ['tampered body', 400, 'SignatureDoesNotMatch', () => ({ ...v3({ form }), body: 'PageSize=4' })],
    ['tampered method', 400, 'SignatureDoesNotMatch', () => ({ ...v3(), method: 'GET' })],
    ['tampered action', 400, 'SignatureDoesNotMatch', () => v3Then({ 'x-acs-action': 'DescribeKey' })],
    ['tampered host', 400, 'SignatureDoesNotMatch', () => v3Then({ host: 'elsewhere.test' })],
    ['wrong body hash, signed', 400, 'SignatureDoesNotMatch', () => withHash('0'.repeat(64))],
    ['stale date', 400, 'InvalidTimeStamp.Expired', () => v3({ timeMs: nowMs - 16 * MINUTE_MS })],
    ['future date', 400, 'InvalidTimeStamp.Expired', () => v3({ timeMs: nowMs + 16 * MINUTE_MS })],
    [
      'malformed date',
      400,
      'InvalidTimeStamp.Format',
      () => v3({ headers: { 'x-acs-date': '20260301T120000Z' } }),
    ],
    ['security token', 400, 'InvalidSecurityToken.MismatchWithAccessKey', () => withToken([])],
    ['unsigned security token', 400, 'IncompleteSignature', () => withToken(['x-acs-security-token'])],
    ['unsigned content type', 400, 'IncompleteSignature', () => v3({ form, unsigned: ['content-type'] })],
    ['no Authorization', 400, 'IncompleteSignature', () => v3Then({ authorization: undefined })],
    ['another scheme', 400, 'IncompleteSignature', () => v3Then({ authorization: 'Basic Og==' })],
    ['unsorted headers', 400, 'IncompleteSignature', () => v3({ order: (names) => names.sort().reverse() })],
    ['repeated signed header', 400, 'IncompleteSignature', () => v3({ order: (n) => ['host', ...n.sort()] })],
    [
      'signed header that is missing',
      400,
      'IncompleteSignature',
      () => v3({ headers: { 'x-acs-empty': '' } }),
    ],
    ['conflicting Action', 400, 'InvalidParameter', () => v3({ query: { Action: 'CreateKey' } })],
    ['conflicting Version', 400, 'InvalidParameter', () => v3({ query: { Version: '2' } })],
    ['no version', 400, 'MissingVersion', () => v3Then({ 'x-acs-version': undefined })],
    ['no action', 400, 'MissingAction', () => v3Then({ 'x-acs-action': undefined })],
    ['unknown version', 404, 'InvalidApi.NotFound', () => v3({ version: '2015-01-01' })],
    ['unknown action', 404, 'InvalidApi.NotFound', () => v3({}, 'toString')],
  ])('%s', async (_title, status, code, request) => {
    expectRefusal(await deliver(request()), status, code);
  });

  it.each([
    'host',
    'x-acs-action',
    'x-acs-version',
    'x-acs-date',
    'x-acs-signature-nonce',
    'x-acs-content-sha256',
  ])('header %s not among the signed ones', async (name) => {
    expectRefusal(await deliver(v3({ unsigned: [name] })), 400, 'IncompleteSignature');
  });

  it.each(['', 'x', 'g'.repeat(64), '0'.repeat(62)])('signature "%s"', async (signature) => {
    const { authorization = '' } = v3().headers;
    const request = v3Then({
      authorization: authorization.replace(/Signature=\w+$/, `Signature=${signature}`),
    });
    const code = signature === '' ? 'IncompleteSignature' : 'SignatureDoesNotMatch';
    expectRefusal(await deliver(request), 400, code);
  });

  function asImpostor(): RawRequest {
    const { accessKeyId } = running.emulator;
    return signV3({ accessKeyId, accessKeySecret: 'x'.repeat(30) }, 'ListKeys', { timeMs: nowMs });
  }

  function asStranger(): RawRequest {
    const { accessKeySecret } = running.emulator;
    return signV3({ accessKeyId: 'LTAIstranger', accessKeySecret }, 'ListKeys', { timeMs: nowMs });
  }

  function withHash(hash: string): RawRequest {
    return v3({ headers: { 'x-acs-content-sha256': hash } });
  }

  function withToken(unsigned: string[]): RawRequest {
    return v3({ headers: { 'x-acs-security-token': 'CAIS' }, unsigned });
  }
});

describe('parameters', () => {
  const raw = (path: string, body = ''): RawRequest => ({
    method: 'POST',
    path,
    headers: body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });

  it.each<[string, string, () => RawRequest]>([
    ['twice in the query', 'InvalidParameter', () => raw('/?Action=ListKeys&Action=ListKeys')],
    ['twice, spelled differently', 'InvalidParameter', () => raw('/?Action=ListKeys&%41ction=ListKeys')],
    ['twice in the body', 'InvalidParameter', () => raw('/', 'PageSize=1&PageSize=2')],
    ['in query and body', 'InvalidParameter', () => raw('/?PageSize=1', 'PageSize=2')],
    ['broken percent-encoding', 'ParseRequestParameterException', () => raw('/?Action=%4')],
    ['bytes that are not UTF-8', 'ParseRequestParameterException', () => raw('/?Action=%FF')],
    ['bytes that had to be encoded', 'ParseRequestParameterException', () => raw('/', 'Action=ü')],
    ['too many', 'ParseRequestParameterException', () => raw(`/?${'a&'.repeat(257)}`)],
    ['nothing at all', 'MissingAction', () => raw('/')],
    ['a name without a value', 'MissingAction', () => raw('/?Action')],
    [
      'a body of another type',
      'ParseRequestParameterException',
      () => ({ ...raw('/', '{}'), headers: { 'content-type': 'application/json' } }),
    ],
    ['a body without a type', 'ParseRequestParameterException', () => ({ ...raw('/', 'a=b'), headers: {} })],
  ])('%s are refused', async (_title, code, request) => {
    expectRefusal(await deliver(request()), 400, code);
  });

  it('name a long repeated one shortened', async () => {
    const name = 'n'.repeat(5000);
    const answer = await deliver(raw(`/?${name}=1&${name}=2`));
    expect(answer.text.length).toBeLessThan(600);
  });
});

describe('a nonce', () => {
  const nonceRequest = (nonce: string, timeMs = nowMs) => v3({ nonce, timeMs });

  it.each<[string, () => RawRequest]>([
    ['V1', () => v1()],
    ['V3', () => v3()],
  ])('is accepted once, so that a replayed %s request is refused', async (_title, make) => {
    const request = make();
    expect(await deliver(request)).toMatchObject({ status: 200 });
    expectRefusal(await deliver(request), 400, 'SignatureNonceUsed');
  });

  it('is not burned by a request with a bad signature', async () => {
    const nonce = randomUUID();
    const forged = signV3({ ...running.emulator, accessKeySecret: 'guess' }, 'ListKeys', {
      nonce,
      timeMs: nowMs,
    });
    expectRefusal(await deliver(forged), 400, 'SignatureDoesNotMatch');
    expect(await deliver(nonceRequest(nonce))).toMatchObject({ status: 200 });
  });

  it('is burned by one of two simultaneous requests only', async () => {
    const request = nonceRequest(randomUUID());
    const answers = await Promise.all([deliver(request), deliver(request), deliver(request)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('may be used again after the window, but never while its first request is in time', async () => {
    const nonce = randomUUID();
    const first = nonceRequest(nonce, nowMs + 10 * MINUTE_MS);
    expect(await deliver(first)).toMatchObject({ status: 200 });
    try {
      nowMs = NOW_MS + 25 * MINUTE_MS;
      expectRefusal(await deliver(first), 400, 'SignatureNonceUsed');
      nowMs = NOW_MS + 25 * MINUTE_MS + 1000;
      expectRefusal(await deliver(first), 400, 'InvalidTimeStamp.Expired');
      expect(await deliver(nonceRequest(nonce))).toMatchObject({ status: 200 });
    } finally {
      nowMs = NOW_MS;
    }
  });
});

it('a refused signature shows the string that the server signs, of a bounded length', async () => {
  const short = await deliver(v1Then((params) => (params['PageSize'] = '9')));
  expect(short.json['Message']).toContain('server string to sign is:GET&%2F&AccessKeyId%3D');
  const long = await deliver(v1Then((params) => (params['Description'] = 'x'.repeat(30_000))));
  expect(String(long.json['Message']).length).toBeLessThan(4300);
});

it('a key made over one scheme is there for the other', async () => {
  const { KeyId } = await createKeyNow();
  const answer = await deliver(v1({ KeyId }, 'DescribeKey'));
  expect(answer.json['KeyMetadata']).toMatchObject({ KeyId, CreationDate: '2026-03-01T12:00:00Z' });
});
