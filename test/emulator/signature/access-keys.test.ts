import { describe, expect, it } from 'vitest';
import { startEmulator } from '../../../src/emulator/start.js';
import { expectRefusal, runEmulator } from '../running.js';
import { getV1, postV1, send, signV3 } from '../signer.js';

const NOW_MS = Date.parse('2030-01-01T12:00:00Z');
const secret = 'secret';
const running = runEmulator({
  clock: () => NOW_MS,
  accessKeys: [
    { id: 'STS.session', secret, securityToken: 'CAIS/token+1==', expiresMs: NOW_MS + 1 },
    { id: 'STS.expired', secret, securityToken: 'CAIS-old', expiresMs: NOW_MS },
    { id: 'LTAI-plain', secret },
  ],
});

type Send = (accessKeyId: string, token: string | undefined) => ReturnType<typeof send>;

const V3: Send = (accessKeyId, token) => {
  const headers: Record<string, string> = token === undefined ? {} : { 'x-acs-security-token': token };
  const credentials = { accessKeyId, accessKeySecret: secret };
  return send(running.emulator.endpoint, signV3(credentials, 'ListKeys', { timeMs: NOW_MS, headers }));
};
const v1 =
  (sign: typeof getV1): Send =>
  (accessKeyId, token) => {
    const params = {
      Timestamp: '2030-01-01T12:00:00Z',
      ...(token !== undefined && { SecurityToken: token }),
    };
    const credentials = { accessKeyId, accessKeySecret: secret };
    return send(running.emulator.endpoint, sign(credentials, 'ListKeys', params));
  };

describe.each([
  ['V3', V3],
  ['V1 in a query', v1(getV1)],
  ['V1 in a form', v1(postV1)],
])('security tokens, signed in %s', (_title, ask) => {
  it.each([
    ['STS.session', 'CAIS/token+1==', undefined],
    ['LTAI-plain', undefined, undefined],
    ['STS.session', undefined, 'MissingSecurityToken'],
    ['STS.session', 'CAIS/token+1=', 'InvalidSecurityToken.MismatchWithAccessKey'],
    ['STS.session', 'CAIS-old', 'InvalidSecurityToken.MismatchWithAccessKey'],
    ['LTAI-plain', 'CAIS-old', 'InvalidSecurityToken.MismatchWithAccessKey'],
    ['STS.session', 'CAIS token', 'InvalidSecurityToken.Malformed'],
    ['STS.expired', 'CAIS-old', 'InvalidSecurityToken.Expired'],
    ['STS.expired', 'CAIS-new', 'InvalidSecurityToken.MismatchWithAccessKey'],
  ])('%s with %s: %s', async (accessKeyId, token, code) => {
    const answer = await ask(accessKeyId, token);
    if (code === undefined) expect(answer.status).toBe(200);
    else expectRefusal(answer, 400, code);
  });
});

it('the emulator tells the first of them', () => {
  expect(running.emulator).toMatchObject({
    accessKeyId: 'STS.session',
    accessKeySecret: secret,
    securityToken: 'CAIS/token+1==',
  });
});

it.each([
  ['the id of an access key is empty or holds other than letters, digits and "._-"', [{ id: '', secret }]],
  ['the id of an access key is empty or holds other than letters, digits and "._-"', [{ id: 'a,b', secret }]],
  ['the secret of access key "a" is empty or holds other than printable ASCII', [{ id: 'a', secret: 'x y' }]],
  ['access key "a" expires, but has no security token', [{ id: 'a', secret, expiresMs: 1 }]],
  [
    'the security token of access key "a" is empty or holds other than printable ASCII',
    [{ id: 'a', secret, securityToken: '' }],
  ],
  ['the expiry of access key "a" is no time', [{ id: 'a', secret, securityToken: 't', expiresMs: NaN }]],
  [
    'two access keys have the same id',
    [
      { id: 'a', secret },
      { id: 'a', secret: 'other' },
    ],
  ],
])('%s', async (message, accessKeys) => {
  const refused = startEmulator({ hsm: 'software', accessKeys });
  await expect(refused).rejects.toMatchObject({ code: 'usage', message });
});
