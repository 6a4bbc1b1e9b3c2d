import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.js';
import { ACCESS, clientOf, json, type Received, serve } from './test-server.js';

const KEY_ID = 'key-hzz62f1cb66fa42qoabcd';
const VERSION_ID = '1b4dc6d0-1a2b-4c3d-8e9f-0123456789ab';
const REF = { keyId: KEY_ID, keyVersionId: VERSION_ID };
const PEM = '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----\n';
const METADATA = {
  KeyId: KEY_ID,
  Arn: `acs:kms:cn-hangzhou:123:key/${KEY_ID}`,
  KeySpec: 'RSA_2048',
  KeyUsage: 'ENCRYPT/DECRYPT',
  KeyState: 'Enabled',
  ProtectionLevel: 'HSM',
  Origin: 'Aliyun_KMS',
  CreationDate: '2026-01-02T03:04:05Z',
};
const METADATA_OUT = {
  keyId: KEY_ID,
  arn: METADATA.Arn,
  keySpec: 'RSA_2048',
  keyUsage: 'ENCRYPT/DECRYPT',
  keyState: 'Enabled',
  protectionLevel: 'HSM',
  origin: 'Aliyun_KMS',
  creationDate: METADATA.CreationDate,
  requestId: 'req-9',
};

async function answering(body: object) {
  const server = await serve((_request, response) => {
    json(response, 200, body);
  });
  return { server, client: await clientOf(server.endpoint) };
}

function only(received: readonly Received[]): Received {
  const [first, ...more] = received;
  expect(more).toEqual([]);
  if (first === undefined) throw new Error('no request came');
  return first;
}

/** ACS3-HMAC-SHA256, written from its description, on decoded values. */
function signatureOf(request: Received, secret: string): string {
  const enc = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const signed = /SignedHeaders=([^,]*)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    request.method,
    request.path,
    Object.keys(request.query)
      .sort()
      .map((name) => `${name}=${enc(request.query[name] ?? '')}`)
      .join('&'),
    ...signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signed,
    sha256(''),
  ].join('\n');
  return createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
}

describe('actions', () => {
  it('creates a key with instance, description and tags', async () => {
    const { server, client } = await answering({ KeyMetadata: METADATA, RequestId: 'req-9' });
    const key = await client.createKey({
      keySpec: 'RSA_2048',
      keyUsage: 'ENCRYPT/DECRYPT',
      protectionLevel: 'HSM',
      origin: 'Aliyun_KMS',
      instanceId: 'kst-abc',
      description: "schlüssel 'n' *stuff* (~1+1)!",
      tags: [{ key: 'env', value: 'dev' }],
    });
    expect(key).toEqual(METADATA_OUT);
    const request = only(server.received);
    expect(request).toMatchObject({ method: 'POST', path: '/' });
    expect(request.query).toEqual({
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT/DECRYPT',
      ProtectionLevel: 'HSM',
      Origin: 'Aliyun_KMS',
      DKMSInstanceId: 'kst-abc',
      Description: "schlüssel 'n' *stuff* (~1+1)!",
      Tags: '[{"TagKey":"env","TagValue":"dev"}]',
    });
    expect(request.headers.authorization).toContain(`Signature=${signatureOf(request, 'sEcReT')}`);
  });

  it('sends no parameter that was not given', async () => {
    const { server, client } = await answering({ KeyMetadata: METADATA });
    const input = { keySpec: 'RSA_2048', keyUsage: 'U', protectionLevel: 'HSM', origin: 'Aliyun_KMS' };
    expect(await client.createKey({ ...input, tags: [] })).toEqual({ ...METADATA_OUT, requestId: '' });
    expect(Object.keys(only(server.received).query)).toEqual([
      'KeyUsage',
      'Origin',
      'ProtectionLevel',
      'KeySpec',
    ]);
  });

  it('describes a key', async () => {
    const { server, client } = await answering({ KeyMetadata: METADATA, RequestId: 'req-9' });
    expect(await client.describeKey('alias/mine')).toEqual(METADATA_OUT);
    expect(only(server.received).query).toEqual({ KeyId: 'alias/mine' });
  });

  it('fetches a public key', async () => {
    const { server, client } = await answering({
      KeyId: KEY_ID,
      KeyVersionId: VERSION_ID,
      PublicKey: PEM,
      RequestId: 'req-9',
    });
    const answer = await client.getPublicKey({ keyId: 'alias/mine', keyVersionId: VERSION_ID });
    expect(answer).toEqual({ ...REF, publicKeyPem: PEM, requestId: 'req-9' });
    expect(only(server.received).query).toEqual({ KeyId: 'alias/mine', KeyVersionId: VERSION_ID });
  });

  it.each([Buffer.alloc(0), Buffer.from([0, 255, 10, 62, 63])])('encrypts bytes %#', async (bytes) => {
    const { server, client } = await answering({
      KeyId: KEY_ID,
      KeyVersionId: VERSION_ID,
      CiphertextBlob: 'AAE=',
      RequestId: 'r',
    });
    const answer = await client.asymmetricEncrypt(REF, 'RSAES_OAEP_SHA_256', bytes);
    expect(answer).toEqual({ ...REF, ciphertext: Buffer.from([0, 1]), requestId: 'r' });
    expect(only(server.received).query).toEqual({
      KeyId: KEY_ID,
      KeyVersionId: VERSION_ID,
      Algorithm: 'RSAES_OAEP_SHA_256',
      Plaintext: bytes.toString('base64'),
    });
  });

  it.each(['', 'AP8K'])('decrypts to the bytes of "%s"', async (plaintext) => {
    const { server, client } = await answering({
      KeyId: KEY_ID,
      KeyVersionId: VERSION_ID,
      Plaintext: plaintext,
      RequestId: 'r',
    });
    const answer = await client.asymmetricDecrypt(REF, 'RSAES_OAEP_SHA_1', Buffer.alloc(512, 251));
    expect(answer).toEqual({ ...REF, plaintext: Buffer.from(plaintext, 'base64'), requestId: 'r' });
    expect(only(server.received).query).toEqual({
      KeyId: KEY_ID,
      KeyVersionId: VERSION_ID,
      Algorithm: 'RSAES_OAEP_SHA_1',
      CiphertextBlob: Buffer.alloc(512, 251).toString('base64'),
    });
  });

  it('creates an alias', async () => {
    const { server, client } = await answering({ RequestId: 'r' });
    await client.createAlias(KEY_ID, 'alias/mine');
    expect(only(server.received).query).toEqual({ KeyId: KEY_ID, AliasName: 'alias/mine' });
    expect(only(server.received).headers['x-acs-action']).toBe('CreateAlias');
  });
});

describe('ListKeyVersions', () => {
  const version = (number: number, date: string) => ({
    KeyId: KEY_ID,
    KeyVersionId: `v${number}`,
    CreationDate: date,
  });

  async function listing(total: number, versions: readonly object[], pageSize = 100) {
    const server = await serve(({ query }, response) => {
      const start = (Number(query['PageNumber']) - 1) * pageSize;
      const KeyVersion = versions.slice(start, start + pageSize);
      json(response, 200, {
        KeyVersions: { KeyVersion },
        TotalCount: total,
        PageNumber: 1,
        PageSize: pageSize,
      });
    });
    return { server, client: await clientOf(server.endpoint) };
  }

  it('gives the newest first and keeps the order of equals', async () => {
    const dates = [
      '2024-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
      '2025-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ];
    const { client } = await listing(
      4,
      dates.map((date, index) => version(index, date)),
    );
    expect((await client.listKeyVersions(KEY_ID)).map((each) => each.keyVersionId)).toEqual([
      'v1',
      'v3',
      'v2',
      'v0',
    ]);
  });

  it('fetches every page and counts nothing twice', async () => {
    const all = Array.from({ length: 7 }, (_, index) => version(index, `2026-01-0${index + 1}T00:00:00Z`));
    const { server, client } = await listing(7, [...all.slice(0, 3), ...all.slice(2)], 3);
    expect(await client.listKeyVersions(KEY_ID)).toHaveLength(7);
    expect(server.received.map(({ query }) => query['PageNumber'])).toEqual(['1', '2', '3']);
    expect(server.received[0]?.query['PageSize']).toBe('100');
  });

  it('stops at an empty page, whatever the total says', async () => {
    const { server, client } = await listing(9, [version(1, '2026-01-01T00:00:00Z')]);
    expect(await client.listKeyVersions(KEY_ID)).toHaveLength(1);
    expect(server.received).toHaveLength(2);
  });

  it('gives up on a service that always has one more page', async () => {
    const server = await serve((_request, response, count) => {
      const KeyVersion = [version(count, '2026-01-01T00:00:00Z')];
      json(response, 200, { KeyVersions: { KeyVersion }, TotalCount: 1_000_000 });
    });
    const client = await clientOf(server.endpoint);
    await expect(client.listKeyVersions(KEY_ID)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(server.received).toHaveLength(20);
  });

  it.each([
    ['no list', { TotalCount: 0 }],
    ['no inner list', { KeyVersions: {}, TotalCount: 0 }],
    ['an object for a list', { KeyVersions: { KeyVersion: {} }, TotalCount: 0 }],
    ['null in the list', { KeyVersions: { KeyVersion: [null] }, TotalCount: 1 }],
    ['no total', { KeyVersions: { KeyVersion: [] } }],
    ['a broken total', { KeyVersions: { KeyVersion: [] }, TotalCount: 0.5 }],
    [
      'no id',
      {
        KeyVersions: { KeyVersion: [{ KeyId: KEY_ID, CreationDate: '2026-01-01T00:00:00Z' }] },
        TotalCount: 1,
      },
    ],
    ['a broken date', { KeyVersions: { KeyVersion: [version(1, '2026-13-01T00:00:00Z')] }, TotalCount: 1 }],
    ['a date in words', { KeyVersions: { KeyVersion: [version(1, 'Jan 1 2026')] }, TotalCount: 1 }],
  ])('refuses %s', async (_what, body) => {
    const { client } = await answering(body);
    await expect(client.listKeyVersions(KEY_ID)).rejects.toMatchObject({ code: 'invalid-response' });
  });
});

describe('request', () => {
  it('carries a signature that an independent verifier accepts, over the headers the service wants', async () => {
    const { server, client } = await answering({ RequestId: 'r' });
    await client.createAlias(KEY_ID, 'alias/a b+c*d~ä');
    const { headers, ...request } = only(server.received);
    expect(headers.authorization).toBe(
      'ACS3-HMAC-SHA256 Credential=LTAItest,SignedHeaders=host;x-acs-action;x-acs-content-sha256;' +
        'x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
        `Signature=${signatureOf({ headers, ...request }, 'sEcReT')}`,
    );
    expect(headers).toMatchObject({
      host: `localhost:${server.port}`,
      'x-acs-version': '2016-01-20',
      'x-acs-credentials-provider': 'env',
      accept: 'application/json',
      'content-length': '0',
    });
    expect(headers['x-acs-date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(headers['user-agent']).toMatch(
      new RegExp(`^AlibabaCloud .* kms-asym/${VERSION.replaceAll('.', '\\.')}$`),
    );
  });

  it('sends the security token of temporary credentials and signs it', async () => {
    const server = await serve((_request, response) => {
      json(response, 200, { RequestId: 'r' });
    });
    const client = await clientOf(server.endpoint, {
      env: { ...ACCESS, ALIBABA_CLOUD_SECURITY_TOKEN: 'sts-token' },
    });
    await client.createAlias(KEY_ID, 'alias/a');
    const request = only(server.received);
    expect(request.headers).toMatchObject({
      'x-acs-security-token': 'sts-token',
      'x-acs-accesskey-id': 'LTAItest',
      'x-acs-credentials-provider': 'env',
    });
    expect(request.headers.authorization).toContain(';x-acs-security-token;');
    expect(request.headers.authorization).toContain(`Signature=${signatureOf(request, 'sEcReT')}`);
  });

  it('uses one connection for calls one after the other', async () => {
    const { server, client } = await answering({ RequestId: 'r' });
    for (const name of ['alias/a', 'alias/b', 'alias/c']) await client.createAlias(KEY_ID, name);
    expect(server.connections()).toBe(1);
    expect(new Set(server.received.map(({ headers }) => headers['x-acs-signature-nonce'])).size).toBe(3);
  });
});

describe('answer', () => {
  const good = { KeyId: KEY_ID, KeyVersionId: VERSION_ID, PublicKey: PEM, Plaintext: 'AAA=', RequestId: 'r' };

  it.each([
    ['another key', { KeyId: 'key-other' }],
    ['another version', { KeyVersionId: 'other' }],
    ['an id with an escape sequence', { KeyId: 'key\u001b[31m' }],
    ['an empty id', { KeyId: '' }],
    ['an endless id', { KeyId: 'k'.repeat(513) }],
    ['no version', { KeyVersionId: undefined }],
    ['no key', { PublicKey: undefined }],
    ['a private key', { PublicKey: PEM.replaceAll('PUBLIC', 'PRIVATE') }],
    ['a key with words around it', { PublicKey: `hello\n${PEM}` }],
    ['an endless key', { PublicKey: PEM.replace('MII', 'M'.repeat(20_000)) }],
    ['an object for a key', { PublicKey: { a: 1 } }],
  ])('with %s for a public key is refused', async (_what, changes) => {
    const { client } = await answering({ ...good, ...changes });
    await expect(client.getPublicKey(REF)).rejects.toMatchObject({
      code: 'invalid-response',
      message: expect.stringMatching(/^the answer to GetPublicKey lacks a valid "[A-Za-z]+"$/) as string,
    });
  });

  it.each([undefined, 'A', 'AAA', 'AAB=', ' AAA=', 'AAA=\n', 'AA_-', 7])(
    'with plaintext %j is refused',
    async (Plaintext) => {
      const { client } = await answering({ ...good, Plaintext });
      await expect(client.asymmetricDecrypt(REF, 'A', Buffer.alloc(256))).rejects.toMatchObject({
        code: 'invalid-response',
        message: 'the answer to AsymmetricDecrypt lacks a valid "Plaintext"',
      });
    },
  );

  it('with a plaintext as long as its ciphertext is refused', async () => {
    const { client } = await answering(good);
    expect((await client.asymmetricDecrypt(REF, 'A', Buffer.alloc(3))).plaintext).toHaveLength(2);
    await expect(client.asymmetricDecrypt(REF, 'A', Buffer.alloc(2))).rejects.toThrow(
      'lacks a valid "Plaintext"',
    );
  });

  it.each([
    ['none', ''],
    ['more than any key makes', Buffer.alloc(513).toString('base64')],
  ])('with a signature of %s is refused', async (_what, Value) => {
    const { client } = await answering({ ...good, Value });
    await expect(client.asymmetricSign(REF, 'A', Buffer.alloc(32))).rejects.toThrow('lacks a valid "Value"');
  });

  it('without key metadata is refused, and a created key is not forgotten', async () => {
    const { client } = await answering({ RequestId: 'r' });
    await expect(client.describeKey(KEY_ID)).rejects.toMatchObject({ code: 'invalid-response' });
    const input = { keySpec: 'RSA_2048', keyUsage: 'U', protectionLevel: 'HSM', origin: 'O' };
    await expect(client.createKey(input)).rejects.toMatchObject({
      code: 'invalid-response',
      hints: expect.arrayContaining([expect.stringContaining('the key may exist all the same')]) as string[],
    });
  });
});
