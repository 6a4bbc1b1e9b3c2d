import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { KmsAsymError } from '../../../src/errors.js';
import { Handler } from '../../../src/emulator/http/handle.js';
import type { Hsm } from '../../../src/emulator/hsm/hsm.js';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { AliasStore } from '../../../src/emulator/keys/alias-store.js';
import { KeyStore } from '../../../src/emulator/keys/key-store.js';
import { Authenticator } from '../../../src/emulator/signature/authenticator.js';
import type { WireAnswer } from '../../../src/emulator/http/wire.js';
import { type Params, type RawRequest, signV3 } from '../signer.js';

const CREDENTIALS = { accessKeyId: 'LTAIhandler', accessKeySecret: 'secret' };
const opened = openHsm('software');
afterAll(async () => (await opened).close());

let handler: Handler;
let failures: unknown[];

beforeEach(async () => {
  const hsm = await opened;
  setUp({ HSM: hsm, SOFTWARE: hsm });
});

function setUp(devices: { HSM: Hsm; SOFTWARE: Hsm }): void {
  failures = [];
  handler = new Handler({
    authenticator: new Authenticator([{ id: 'LTAIhandler', secret: 'secret' }], Date.now),
    keys: new KeyStore(devices, Date.now, () => undefined),
    aliases: new AliasStore(),
    account: { accountId: '1000000000000000', region: 'cn-hangzhou' },
    serviceMode: 'legacy',
    clock: Date.now,
    health: { backend: 'software' },
    onFailure: (error) => failures.push(error),
  });
}

async function deliver({ method, path, headers, body }: RawRequest): Promise<Record<string, unknown>> {
  const request = {
    method,
    target: path,
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body),
  };
  return check(await handler.handle(request));
}

function check(answer: WireAnswer | undefined): Record<string, unknown> {
  if (answer === undefined) throw new Error('no answer');
  expect(answer.headers['content-length']).toBe(Buffer.byteLength(answer.body).toString());
  const json = JSON.parse(answer.body) as Record<string, unknown>;
  expect(answer.headers['x-acs-request-id']).toBe(json['RequestId']);
  return { ...json, status: answer.status };
}

const call = (action: string, query: Params = {}) => deliver(signV3(CREDENTIALS, action, { query }));

describe('trouble inside', () => {
  it('is an InternalFailure to the requester, and told to the emulator’s owner', async () => {
    const hsm = await opened;
    const trouble = new KmsAsymError('emulator', 'the token was removed');
    const broken: Hsm = Object.create(hsm, { generateKey: { value: () => Promise.reject(trouble) } }) as Hsm;
    setUp({ HSM: broken, SOFTWARE: hsm });
    const answer = await call('CreateKey', { KeySpec: 'RSA_2048', ProtectionLevel: 'HSM' });
    expect(answer).toMatchObject({ status: 500, Code: 'InternalFailure', Message: 'Internal Failure' });
    expect(failures).toEqual([trouble]);
  });

  it('is never caused by a refusal', async () => {
    await call('DescribeKey', { KeyId: 'none' });
    expect(failures).toEqual([]);
  });
});

describe('routes', () => {
  const plain = (method: string, path: string): RawRequest => ({ method, path, headers: {}, body: '' });

  it.each(['/healthz', '/healthz?x=1', 'http://proxied.test/healthz'])(
    'GET %s needs no signature',
    async (path) => {
      expect(await deliver(plain('GET', path))).toMatchObject({ status: 200, backend: 'software' });
    },
  );

  it.each([
    ['GET', '/favicon.ico', 404, 'InvalidApi.NotFound'],
    ['POST', '/healthz', 404, 'InvalidApi.NotFound'],
    ['GET', '//', 404, 'InvalidApi.NotFound'],
    ['PUT', '/', 403, 'UnsupportedHTTPMethod'],
    ['OPTIONS', '*', 403, 'UnsupportedHTTPMethod'],
    ['GET', '?Action=', 400, 'MissingAction'],
    ['GET', 'http://kms.test', 400, 'MissingAction'],
  ])('%s %s', async (method, path, status, code) => {
    const answer = await deliver(plain(method, path));
    expect(answer).toMatchObject({ status, Code: code, HostId: 'kms.cn-hangzhou.aliyuncs.com' });
  });

  it('an error names the host that was asked', async () => {
    expect(await call('Nothing')).toMatchObject({ HostId: 'kms.test', Code: 'InvalidApi.NotFound' });
  });
});
