import { beforeAll, describe, expect, it } from 'vitest';
import { startEmulator } from '../../../src/emulator/start.js';
import { createKey, type CreatedKey, expectRefusal, runEmulator } from '../running.js';

const ARN = 'acs:kms:cn-hangzhou:1000000000000000';
const running = runEmulator({
  deny: [
    { action: 'DisableKey' },
    { action: 'DescribeKey', keyId: 'alias/closed' },
    { action: 'GetPublicKey', keyId: `${ARN}:alias/closed` },
    { action: '*', keyId: 'alias/locked' },
    { action: 'ListAliases', keyId: 'alias/closed' },
  ],
});
let closed: CreatedKey;
let open: CreatedKey;
beforeAll(async () => {
  [closed, open] = [await createKey(running), await createKey(running)];
  await running.ok('CreateAlias', { KeyId: closed.KeyId, AliasName: 'alias/closed' });
  await running.ok('CreateAlias', { KeyId: closed.KeyId, AliasName: 'alias/second' });
});

describe('what is denied for one key', () => {
  it.each([
    ['its id', () => closed.KeyId],
    ['its ARN', () => closed.Arn],
    ['the alias', () => 'alias/closed'],
    ['another alias', () => 'alias/second'],
    ['the ARN of an alias', () => `${ARN}:alias/second`],
  ])('is denied by %s', async (_title, name) => {
    for (const action of ['DescribeKey', 'GetPublicKey']) {
      const answer = await running.call(action, { KeyId: name() });
      expectRefusal(answer, 403, 'Forbidden.NoPermission');
      expect(answer.json['Message']).toBe(
        `This operation for ${ARN}:key/${closed.KeyId} is forbidden by permission system.`,
      );
    }
  });

  it('is allowed for other keys, and other actions are', async () => {
    await running.ok('DescribeKey', { KeyId: open.KeyId });
    await running.ok('ListKeyVersions', { KeyId: closed.KeyId });
  });

  it('has nothing to say about calls without a key, or with one that does not exist', async () => {
    await running.ok('ListAliases');
    const keyIds = ['key-none', 'alias/none', `acs:kms:cn-beijing:1000000000000000:key/${closed.KeyId}`];
    for (const KeyId of keyIds) expect((await running.call('DescribeKey', { KeyId })).status).toBe(404);
  });
});

it('what is denied altogether is denied before anything is looked up', async () => {
  for (const params of [{ KeyId: 'key-none' }, {}]) {
    const answer = await running.call('DisableKey', params);
    expectRefusal(answer, 403, 'Forbidden.NoPermission');
    expect(answer.json['Message']).toBe('This operation is forbidden by permission system.');
  }
});

it('a denial of all actions finds the key by whichever parameter names it', async () => {
  const { KeyId, Arn } = await createKey(running);
  await running.ok('CreateAlias', { KeyId, AliasName: 'alias/locked' });
  const calls = [
    ['EnableKey', { KeyId }],
    ['DeleteAlias', { AliasName: 'alias/locked' }],
    ['SetDeletionProtection', { ProtectedResourceArn: Arn, EnableDeletionProtection: 'true' }],
  ] as const;
  for (const [action, params] of calls) {
    expectRefusal(await running.call(action, params), 403, 'Forbidden.NoPermission');
  }
  await running.ok('ListKeys');
});

it.each([
  ['decrypt', /^actions: AsymmetricDecrypt, /],
  ['asymmetricdecrypt', /^did you mean AsymmetricDecrypt\?$/],
  ['toString', /^actions: /],
])('an action "%s" cannot be denied', async (action, hint) => {
  await expect(startEmulator({ hsm: 'software', deny: [{ action }] })).rejects.toMatchObject({
    code: 'usage',
    message: `cannot deny "${action}": the emulator has no such action`,
    hints: [expect.stringMatching(hint)],
  });
});
