/** Every code of the table, produced by a request over a socket, with the table's status. */
import { connect } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { Handler } from '../../src/emulator/http/handle.js';
import { openHsm } from '../../src/emulator/hsm/open.js';
import { AliasStore } from '../../src/emulator/keys/alias-store.js';
import { KeyStore } from '../../src/emulator/keys/key-store.js';
import { DEFAULT_LIMITS, listen } from '../../src/emulator/http/server.js';
import { SERVICE_ERRORS, type ServiceErrorCode } from '../../src/emulator/service-errors.js';
import { Authenticator } from '../../src/emulator/signature/authenticator.js';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { createKey, runEmulator } from './running.js';
import {
  type Answer,
  commonV1,
  encodePairs,
  getV1,
  type Params,
  type RawRequest,
  send,
  signatureV1,
  signV3,
} from './signer.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const running = runEmulator();
const { call, ok } = running;
const EC: Params = { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' };

type Reply = Pick<Answer, 'status' | 'json'>;

const raw = (request: RawRequest) => send(running.emulator.endpoint, request);

/** A call with V1 in the query; `change` is made before signing, an empty value takes the parameter away. */
function callV1(change: Params, unsigned: Params = {}): Promise<Reply> {
  const { accessKeyId, accessKeySecret } = running.emulator;
  const all = Object.entries({ ...commonV1(accessKeyId, 'ListKeys'), ...change });
  const params = Object.fromEntries(all.filter(([, value]) => value !== ''));
  const signed = { ...params, Signature: signatureV1('GET', params, accessKeySecret), ...unsigned };
  return raw({ method: 'GET', path: `/?${encodePairs(signed)}`, headers: {}, body: '' });
}

/** One call to an emulator of its own. */
async function callOther(
  options: EmulatorOptions,
  action: string,
  params: Params = {},
  headers: Params = {},
) {
  const emulator = await startEmulator({ hsm: 'software', ...options });
  try {
    return await send(emulator.endpoint, signV3(emulator, action, { query: params, headers }));
  } finally {
    await emulator.close();
  }
}

/** Sends text and waits for the one answer before the connection closes. */
function sendText(port: number, text: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const json = /\r\n\r\n(\{.*\})$/s.exec(received)?.[1];
      if (json === undefined) reject(new Error(`no answer: ${received}`));
      else resolve({ status: Number(received.slice(9, 12)), json: JSON.parse(json) as Answer['json'] });
    });
  });
}

const portOf = (endpoint: string) => Number(new URL(endpoint).port);

async function timeOut(): Promise<Reply> {
  const hsm = await openHsm('software');
  const handler = new Handler({
    authenticator: new Authenticator([{ id: 'LTAIslow', secret: 'secret' }], Date.now),
    keys: new KeyStore({ HSM: hsm, SOFTWARE: hsm }, Date.now, () => undefined),
    aliases: new AliasStore(),
    account: { accountId: '1000000000000000', region: 'cn-hangzhou' },
    serviceMode: 'legacy',
    clock: Date.now,
    health: {},
    onFailure: () => undefined,
  });
  const server = await listen(handler, 0, { ...DEFAULT_LIMITS, headersTimeoutMs: 200 });
  const reply = await sendText(server.port, 'GET / HTTP/1.1\r\nhost: x\r\n');
  await server.close();
  await hsm.close();
  return reply;
}

/** A clock that fails once: trouble inside the emulator, as nothing a requester sends should be. */
function fail(): Promise<Reply> {
  let isBroken = true;
  const clock = () => {
    if (!isBroken) return Date.now();
    isBroken = false;
    throw new Error('the clock stopped');
  };
  return callOther({ clock }, 'ListKeys');
}

const newKey = async () => (await createKey(running, EC)).KeyId;
const TOKEN_KEY = { id: 'STS.1', secret: 'secret', securityToken: 'token', expiresMs: Date.now() + DAY_MS };
const withToken = (token: string, options: EmulatorOptions = {}) =>
  callOther(
    { accessKeys: [TOKEN_KEY], ...options },
    'ListKeys',
    {},
    token === '' ? {} : { 'x-acs-security-token': token },
  );

async function inState(state: 'Disabled' | 'PendingDeletion', action: string): Promise<Reply> {
  const { KeyId, KeyVersionId } = await createKey(running, EC);
  if (state === 'Disabled') await ok('DisableKey', { KeyId });
  else await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
  const Digest = Buffer.alloc(32).toString('base64');
  return call(action, { KeyId, KeyVersionId, Algorithm: 'ECDSA_SHA_256', Digest });
}

async function publicKeyDryRun(change: Params): Promise<Reply> {
  const { KeyId, KeyVersionId } = await createKey(running, EC);
  return call('GetPublicKey', { KeyId, KeyVersionId, DryRun: 'true', ...change });
}

const REQUESTS: Record<ServiceErrorCode, () => Promise<Reply>> = {
  'Forbidden.KeyNotFound': () => call('DescribeKey', { KeyId: 'key-none' }),
  'Forbidden.KeyVersionNotFound': async () =>
    call('GetPublicKey', { KeyId: await newKey(), KeyVersionId: 'none' }),
  'Forbidden.AliasNotFound': () => call('DescribeKey', { KeyId: 'alias/none' }),
  'Forbidden.DKMSInstanceNotFound': () => call('CreateKey', { ...EC, DKMSInstanceId: 'hsm-1' }),
  'Forbidden.NoPermission': () => callOther({ deny: [{ action: 'ListKeys' }] }, 'ListKeys'),
  MissingParameter: () => call('DescribeKey'),
  InvalidParameter: () => call('CreateKey', { KeySpec: 'RSA_1024' }),
  ParseRequestParameterException: () => raw({ method: 'GET', path: '/?a=%zz', headers: {}, body: '' }),
  'Rejected.UnsupportedOperation': () => call('CreateKey', { KeySpec: 'EC_SM2' }),
  'Rejected.LimitExceeded': async () => {
    const KeyId = await newKey();
    const tags = (prefix: string) =>
      JSON.stringify(Array.from({ length: 11 }, (_, n) => ({ TagKey: `${prefix}${n}`, TagValue: '' })));
    await ok('TagResource', { KeyId, Tags: tags('a') });
    return call('TagResource', { KeyId, Tags: tags('b') });
  },
  UnsupportedOperation: () => callOther({ serviceMode: 'instance' }, 'CreateKey', EC),
  'Unsupported.Alias': () => call('EnableKey', { KeyId: 'alias/any' }),
  'Unsupported.Origin': () => call('CreateKey', { ...EC, Origin: 'EXTERNAL' }),
  AliasAlreadyExists: async () => {
    const params = { KeyId: await newKey(), AliasName: 'alias/twice' };
    await ok('CreateAlias', params);
    return call('CreateAlias', params);
  },
  'Rejected.Disabled': () => inState('Disabled', 'AsymmetricSign'),
  'Rejected.PendingDeletion': () => inState('PendingDeletion', 'AsymmetricSign'),
  'Rejected.StateModifiedFailed': () => inState('Disabled', 'CancelKeyDeletion'),
  'Rejected.Throttling': () => callOther({ faults: { throttle: 1 } }, 'ListKeys'),
  DryRunOperationError: () => publicKeyDryRun({}),
  ValidationError: () => publicKeyDryRun({ KeyVersionId: 'none' }),
  InternalFailure: fail,
  ServiceUnavailableTemporary: () => callOther({ faults: { error503: 1 } }, 'ListKeys'),
  'InvalidApi.NotFound': () => call('Encrypt'),
  UnsupportedHTTPMethod: () => raw({ method: 'PUT', path: '/', headers: {}, body: '' }),
  MissingAction: () => callV1({ Action: '' }),
  MissingVersion: () => callV1({ Version: '' }),
  MissingAccessKeyId: () => callV1({ AccessKeyId: '' }),
  MissingSignature: () => callV1({}, { Signature: '' }),
  MissingSignatureMethod: () => callV1({ SignatureMethod: '' }),
  MissingSignatureVersion: () => callV1({ SignatureVersion: '' }),
  MissingSignatureNonce: () => callV1({ SignatureNonce: '' }),
  MissingTimestamp: () => callV1({ Timestamp: '' }),
  MissingSecurityToken: () => withToken(''),
  IncompleteSignature: () => callV1({ SignatureMethod: 'HMAC-MD5' }),
  SignatureDoesNotMatch: () => callV1({}, { PageSize: '5' }),
  SignatureNonceUsed: async () => {
    const request = getV1(running.emulator, 'ListKeys');
    await raw(request);
    return raw(request);
  },
  'InvalidTimeStamp.Expired': () => callV1({ Timestamp: '2020-01-01T00:00:00Z' }),
  'InvalidTimeStamp.Format': () => callV1({ Timestamp: 'yesterday' }),
  'InvalidAccessKeyId.NotFound': () => callV1({ AccessKeyId: 'LTAInobody' }),
  'InvalidSecurityToken.Malformed': () => withToken('to ken'),
  'InvalidSecurityToken.Expired': () => withToken('token', { accessKeys: [{ ...TOKEN_KEY, expiresMs: 1 }] }),
  'InvalidSecurityToken.MismatchWithAccessKey': () => withToken('other'),
  RequestTimeout: timeOut,
  RequestBodyTooLarge: () =>
    raw({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a'.repeat(DEFAULT_LIMITS.maxBodyBytes + 1),
    }),
  RequestHeaderTooLarge: () =>
    sendText(
      portOf(running.emulator.endpoint),
      `GET /?${'a'.repeat(DEFAULT_LIMITS.maxHeaderBytes)} HTTP/1.1\r\n`,
    ),
};

const produced = new Set<string>();

it.each(Object.entries(REQUESTS))('%s', async (code, request) => {
  const { status, json } = await request();
  const expected = SERVICE_ERRORS[code as ServiceErrorCode];
  expect({ status, code: json['Code'] }).toEqual({ status: expected.status, code });
  expect(json).toMatchObject({ HttpStatus: expected.status, Message: expect.stringMatching(/./) as string });
  produced.add(code);
});

afterAll(() => {
  // The type of the table demands every code; this demands that none was skipped.
  expect([...produced].sort()).toEqual(Object.keys(SERVICE_ERRORS).sort());
});
