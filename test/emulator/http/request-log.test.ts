import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../../src/emulator/http/request-log.js';
import { createKey, runEmulator, UUID } from '../running.js';
import { getV1, postV1, send, signV3 } from '../signer.js';

const records: RequestRecord[] = [];
const secret = randomBytes(20).toString('hex');
const token = randomBytes(20).toString('hex');
const running = runEmulator({
  accessKeys: [{ id: 'STS.me', secret, securityToken: token }],
  onRequest: (record) => records.push(record),
});

const headers = { 'x-acs-security-token': token };

/** A call with the token, and the one record it leaves. */
async function record(action: string, query: Record<string, string> = {}): Promise<RequestRecord> {
  records.length = 0;
  await send(running.emulator.endpoint, signV3(running.emulator, action, { query, headers }));
  expect(records).toHaveLength(1);
  return records[0] as RequestRecord;
}

describe('the record of a request', () => {
  it('says what happened', async () => {
    expect(await record('ListKeys')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      method: 'POST',
      action: 'ListKeys',
      accessKeyId: 'STS.me',
      keyId: null,
      status: 200,
      code: null,
      requestId: expect.stringMatching(UUID) as string,
      durationMs: expect.any(Number) as number,
      fault: null,
    });
  });

  it('names the key that is made, and the one that an alias stands for', async () => {
    const made = await record('CreateKey', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT' });
    expect(made.keyId).toMatch(/^key-/);
    await record('CreateAlias', { KeyId: made.keyId ?? '', AliasName: 'alias/logged' });
    expect(await record('DescribeKey', { KeyId: 'alias/logged' })).toMatchObject({ keyId: made.keyId });
    expect(await record('DeleteAlias', { AliasName: 'alias/logged' })).toMatchObject({ keyId: made.keyId });
  });

  it('repeats the code and RequestId of the answer', async () => {
    records.length = 0;
    const answer = await send(
      running.emulator.endpoint,
      signV3(running.emulator, 'DescribeKey', { query: { KeyId: 'key-none' }, headers }),
    );
    expect(records).toEqual([
      expect.objectContaining({
        status: 404,
        code: 'Forbidden.KeyNotFound',
        requestId: answer.json['RequestId'],
        keyId: null,
      }),
    ]);
  });

  it('is made of what was no request, too', async () => {
    records.length = 0;
    const socket = connect(Number(new URL(running.emulator.endpoint).port), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(records).toEqual([
      expect.objectContaining({ method: null, status: 400, code: 'ParseRequestParameterException' }),
    ]);
  });

  it('never repeats what a requester wrote', async () => {
    records.length = 0;
    const marker = randomBytes(16).toString('base64');
    const { endpoint } = running.emulator;
    const own = running.emulator;
    const sensitive = {
      Plaintext: marker,
      CiphertextBlob: marker,
      Digest: marker,
      Value: marker,
      KeyId: marker,
    };
    const actions = ['AsymmetricEncrypt', 'AsymmetricDecrypt', 'AsymmetricSign', 'AsymmetricVerify', marker];
    for (const action of actions) {
      const sent = signV3(own, action, {
        query: { ...sensitive, Algorithm: marker, KeyVersionId: marker },
        headers,
      });
      await send(endpoint, sent);
      await send(endpoint, { ...sent, headers: { ...sent.headers, authorization: marker } });
      await send(
        endpoint,
        getV1({ ...own, accessKeyId: marker }, action, { ...sensitive, SecurityToken: marker }),
      );
      await send(endpoint, postV1(own, action, { SecurityToken: marker, SignatureNonce: marker }));
    }
    await send(endpoint, {
      method: 'GET',
      path: `/${marker}?${marker}`,
      headers: { [`x-${token}`]: marker },
      body: '',
    });
    expect(records.length).toBe(21);
    const text = JSON.stringify(records);
    for (const secretText of [marker, secret, token]) expect(text).not.toContain(secretText);
  });
});

describe('a listener that throws', () => {
  const throwing = runEmulator({
    onRequest: () => {
      throw new TypeError('listener');
    },
  });

  it('does no harm to the caller, and is told about', async () => {
    await createKey(throwing);
    const socket = connect(Number(new URL(throwing.emulator.endpoint).port), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(new Set(throwing.notices)).toContain('internal failure: TypeError');
  });
});
