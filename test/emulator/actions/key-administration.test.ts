/** Aliases, descriptions, tags, filters, protection and the small actions, by signed requests. */
import { describe, expect, it } from 'vitest';
import { createKey, type CreatedKey, expectRefusal, runEmulator } from '../running.js';
import type { Params } from '../signer.js';

const running = runEmulator();
const { call, ok } = running;
const EC: Params = { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' };
const ACCOUNT = 'acs:kms:cn-hangzhou:1000000000000000';

const describeKey = async (KeyId: string) =>
  (await ok('DescribeKey', { KeyId }))['KeyMetadata'] as Record<string, string>;
const aliasNames = (answer: Record<string, unknown>) =>
  (answer['Aliases'] as { Alias: { AliasName: string }[] }).Alias.map(({ AliasName }) => AliasName);
const tagsOf = async (KeyId: string) =>
  ((await ok('ListResourceTags', { KeyId }))['Tags'] as { Tag: Record<string, string>[] }).Tag;
const names = (count: number, prefix = 'k') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const tagList = (keys: readonly string[]) =>
  JSON.stringify(keys.map((TagKey) => ({ TagKey, TagValue: 'v' })));

/** Checks that an action answers with nothing else. */
async function quiet(action: string, params: Params): Promise<void> {
  expect(Object.keys(await ok(action, params))).toEqual(['RequestId']);
}

describe('an alias', () => {
  it('moves from key to key, is listed with its key, and leaves it alone when it goes', async () => {
    const [first, second] = [await createKey(running, EC), await createKey(running, EC)];
    const AliasName = 'alias/moving';
    await quiet('CreateAlias', { KeyId: first.KeyId, AliasName });
    await quiet('CreateAlias', { KeyId: first.KeyId, AliasName: 'alias/staying' });
    await quiet('UpdateAlias', { KeyId: second.KeyId, AliasName });
    expect(await describeKey(AliasName)).toMatchObject({ KeyId: second.KeyId });
    const listed = await ok('ListAliasesByKeyId', { KeyId: second.Arn });
    expect(listed).toMatchObject({
      Aliases: { Alias: [{ AliasName, AliasArn: `${ACCOUNT}:${AliasName}`, KeyId: second.KeyId }] },
      ...{ PageNumber: 1, PageSize: 10, TotalCount: 1 },
    });
    expect(aliasNames(await ok('ListAliasesByKeyId', { KeyId: first.KeyId }))).toEqual(['alias/staying']);
    await quiet('DeleteAlias', { AliasName });
    expectRefusal(await call('DescribeKey', { KeyId: AliasName }), 404, 'Forbidden.AliasNotFound');
    expect(await describeKey(second.KeyId)).toMatchObject({ KeyState: 'Enabled' });
    await quiet('CreateAlias', { KeyId: first.KeyId, AliasName });
  });

  it.each<[string, Params, number, string]>([
    ['UpdateAlias', { AliasName: 'alias/none' }, 404, 'Forbidden.AliasNotFound'],
    ['UpdateAlias', { AliasName: 'alias/none', KeyId: 'key-none' }, 404, 'Forbidden.KeyNotFound'],
    ['UpdateAlias', { AliasName: 'none' }, 400, 'InvalidParameter'],
    ['UpdateAlias', { AliasName: '' }, 400, 'MissingParameter'],
    ['DeleteAlias', { AliasName: 'alias/none' }, 404, 'Forbidden.AliasNotFound'],
    ['DeleteAlias', { AliasName: 'alias/acs/ecs' }, 400, 'InvalidParameter'],
    ['DeleteAlias', {}, 400, 'MissingParameter'],
  ])('that %s cannot change (%j)', async (action, params, status, code) => {
    const { KeyId } = await createKey(running, EC);
    expectRefusal(await call(action, { KeyId, ...params }), status, code);
  });
});

describe('the form of KeyId', () => {
  const REST: Params = {
    AliasName: 'alias/by-form',
    PendingWindowInDays: '7',
    Description: 'd',
    Tags: '[]',
    TagKeys: '[]',
  };
  const ID_ONLY = [
    ...['CreateAlias', 'UpdateAlias', 'EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'],
    ...['UpdateKeyDescription', 'ListResourceTags', 'TagResource', 'UntagResource'],
  ];
  let named: Promise<CreatedKey> | undefined;
  const key = () =>
    (named ??= createKey(running, EC).then(async (created) => {
      await ok('CreateAlias', { KeyId: created.KeyId, AliasName: 'alias/by-form' });
      return created;
    }));

  it.each([...ID_ONLY, 'ListAliasesByKeyId'])('is no alias for %s', async (action) => {
    await key();
    for (const KeyId of ['alias/by-form', `${ACCOUNT}:alias/by-form`]) {
      expectRefusal(await call(action, { ...REST, KeyId }), 400, 'Unsupported.Alias');
    }
  });

  it.each(ID_ONLY)('is no ARN for %s', async (action) => {
    const { Arn } = await key();
    expectRefusal(await call(action, { ...REST, KeyId: Arn }), 400, 'InvalidParameter');
  });

  it.each(['DescribeKey', 'ListKeyVersions', 'DescribeKeyVersion', 'GetPublicKey', 'AsymmetricSign'])(
    'is an id, an alias or an ARN for %s',
    async (action) => {
      const { KeyId, KeyVersionId, Arn } = await key();
      const rest = { KeyVersionId, Algorithm: 'ECDSA_SHA_256', Digest: Buffer.alloc(32).toString('base64') };
      for (const form of [KeyId, Arn, 'alias/by-form', `${ACCOUNT}:alias/by-form`]) {
        const answer = JSON.stringify(await ok(action, { ...rest, KeyId: form }));
        expect(answer).toContain(`"KeyId":"${KeyId}"`);
      }
    },
  );

  it.each(['acs:kms:cn-beijing:1000000000000000:key/', 'acs:kms:cn-hangzhou:2:key/'])(
    'does not reach into %s',
    async (prefix) => {
      const { KeyId } = await key();
      for (const action of ['DescribeKey', 'ListAliasesByKeyId']) {
        expectRefusal(await call(action, { KeyId: `${prefix}${KeyId}` }), 404, 'Forbidden.KeyNotFound');
      }
    },
  );
});

describe('a description', () => {
  it('is changed, and cleared by an empty one', async () => {
    const { KeyId } = await createKey(running, { ...EC, Description: 'first' });
    await quiet('UpdateKeyDescription', { KeyId, Description: 'ü'.repeat(4096) });
    expect(await describeKey(KeyId)).toMatchObject({ Description: 'ü'.repeat(4096) });
    await quiet('UpdateKeyDescription', { KeyId, Description: '' });
    expect(await describeKey(KeyId)).toMatchObject({ Description: '' });
    expectRefusal(await call('UpdateKeyDescription', { KeyId }), 400, 'MissingParameter');
    const long = { KeyId, Description: 'd'.repeat(8193) };
    expectRefusal(await call('UpdateKeyDescription', long), 400, 'InvalidParameter');
  });
});

describe('tags', () => {
  it('are added, replaced, listed and removed', async () => {
    const { KeyId } = await createKey(running, { ...EC, Tags: '[{"TagKey":"a","TagValue":"1"}]' });
    const Tags = '[{"TagKey":"b","TagValue":"2"},{"TagKey":"a","TagValue":"3"}]';
    await quiet('TagResource', { KeyId, Tags });
    expect(await tagsOf(KeyId)).toEqual([
      { KeyId, TagKey: 'a', TagValue: '3' },
      { KeyId, TagKey: 'b', TagValue: '2' },
    ]);
    await quiet('UntagResource', { KeyId, TagKeys: '["a","unknown"]' });
    expect(await tagsOf(KeyId)).toEqual([{ KeyId, TagKey: 'b', TagValue: '2' }]);
  });

  it('are twenty at most', async () => {
    const { KeyId } = await createKey(running, { ...EC, Tags: tagList(names(20)) });
    expectRefusal(
      await call('TagResource', { KeyId, Tags: tagList(['new']) }),
      400,
      'Rejected.LimitExceeded',
    );
    await quiet('TagResource', { KeyId, Tags: tagList(['k0']) });
    expect(await tagsOf(KeyId)).toHaveLength(20);
  });

  it.each<[string, Params, string]>([
    ['TagResource', { Tags: '' }, 'MissingParameter'],
    ['TagResource', { Tags: '{}' }, 'InvalidParameter'],
    ['TagResource', { KeyId: '', Tags: '[]' }, 'MissingParameter'],
    ['TagResource', { SecretName: 's', Tags: '[]' }, 'Rejected.UnsupportedOperation'],
    ['UntagResource', { CertificateId: 'c', TagKeys: '[]' }, 'Rejected.UnsupportedOperation'],
    ['UntagResource', {}, 'MissingParameter'],
    ['UntagResource', { TagKeys: 'a' }, 'InvalidParameter'],
    ['UntagResource', { TagKeys: '{}' }, 'InvalidParameter'],
    ['UntagResource', { TagKeys: '[1]' }, 'InvalidParameter'],
    ['UntagResource', { TagKeys: '[""]' }, 'InvalidParameter'],
    ['UntagResource', { TagKeys: JSON.stringify(names(21)) }, 'InvalidParameter'],
  ])('are refused to %s with %j', async (action, params, code) => {
    const { KeyId } = await createKey(running, EC);
    expectRefusal(await call(action, { KeyId, ...params }), 400, code);
  });
});

describe('deletion protection', () => {
  it('keeps a key from being scheduled until it is lifted', async () => {
    const { KeyId, Arn } = await createKey(running, EC);
    const protect = (isEnabled: boolean) => ({
      ProtectedResourceArn: Arn,
      EnableDeletionProtection: String(isEnabled),
      DeletionProtectionDescription: 'in use',
    });
    await quiet('SetDeletionProtection', protect(true));
    const shown = { DeletionProtection: 'Enabled', DeletionProtectionDescription: 'in use' };
    expect(await describeKey(KeyId)).toMatchObject(shown);
    const schedule = { KeyId, PendingWindowInDays: '7' };
    expectRefusal(await call('ScheduleKeyDeletion', schedule), 400, 'Rejected.UnsupportedOperation');
    expect(await describeKey(KeyId)).toMatchObject({ KeyState: 'Enabled' });
    await quiet('SetDeletionProtection', protect(false));
    const lifted = { DeletionProtection: 'Disabled', DeletionProtectionDescription: '' };
    expect(await describeKey(KeyId)).toMatchObject(lifted);
    await quiet('ScheduleKeyDeletion', schedule);
  });

  it.each<[Params, number, string]>([
    [{ EnableDeletionProtection: '' }, 400, 'MissingParameter'],
    [{ EnableDeletionProtection: 'yes' }, 400, 'InvalidParameter'],
    [{ ProtectedResourceArn: '' }, 400, 'MissingParameter'],
    [{ ProtectedResourceArn: 'key-1' }, 400, 'InvalidParameter'],
    [{ ProtectedResourceArn: `${ACCOUNT}:alias/x` }, 400, 'Unsupported.Alias'],
    [{ ProtectedResourceArn: `${ACCOUNT}:key/key-1` }, 404, 'Forbidden.KeyNotFound'],
  ])('is refused with %j', async (params, status, code) => {
    const { Arn } = await createKey(running, EC);
    const good = { ProtectedResourceArn: Arn, EnableDeletionProtection: 'true' };
    expectRefusal(await call('SetDeletionProtection', { ...good, ...params }), status, code);
  });
});

describe('the Filters of ListKeys', () => {
  const made: Record<string, string> = {};
  const setUp = async () => {
    if (made['first'] !== undefined) return;
    const DKMSInstanceId = 'kst-filtered';
    const first = await createKey(running, { ...EC, DKMSInstanceId, Tags: tagList(['fa', 'fb']) });
    const second = await createKey(running, {
      DKMSInstanceId,
      ProtectionLevel: 'HSM',
      Tags: tagList(['fa']),
    });
    await ok('DisableKey', { KeyId: second.KeyId });
    await ok('CreateAlias', { KeyId: second.KeyId, AliasName: 'alias/filtered' });
    Object.assign(made, { first: first.KeyId, second: second.KeyId });
  };
  const list = async (filters: readonly object[]) => {
    const answer = await ok('ListKeys', { PageSize: '100', Filters: JSON.stringify(filters) });
    const ids = (answer['Keys'] as { Key: { KeyId: string }[] }).Key.map(({ KeyId }) => KeyId);
    expect(answer['TotalCount']).toBe(ids.length);
    return Object.keys(made).filter((name) => ids.includes(made[name] ?? ''));
  };
  const filter = (Key: string, ...Values: string[]) => ({ Key, Values });
  const ALL = ['first', 'second'];

  it.each<[readonly object[], readonly string[]]>([
    [[], ALL],
    [[filter('KeyState', 'Enabled')], ['first']],
    [[filter('KeyState', 'Enabled', 'Disabled')], ALL],
    [[filter('KeySpec', 'RSA_2048')], ['second']],
    [[filter('KeyUsage', 'SIGN/VERIFY')], ['first']],
    [[filter('ProtectionLevel', 'HSM')], ['second']],
    [[filter('DKMSInstanceId', 'kst-filtered')], ALL],
    [[filter('DKMSInstanceId', 'kst-other')], []],
    [[filter('CreatorType', 'User')], ALL],
    [[filter('CreatorType', 'Service')], []],
    [[filter('Creator', '1000000000000000')], ALL],
    [[filter('Creator', '1')], []],
    [[filter('AliasName', 'alias/filtered')], ['second']],
    [[filter('TagKey', 'fb')], ['first']],
    [[filter('TagKey', 'fb'), filter('TagKey', 'fa')], ALL],
    [[filter('TagValue', 'v'), filter('KeyState', 'Disabled')], ['second']],
    [[filter('KeySpec', 'RSA_2048'), filter('KeyState', 'Enabled')], []],
    [[filter('KeyState'), filter('KeySpec', 'EC_P256')], ['first']],
    [[{ Key: 'KeyState' }, filter('KeySpec', 'EC_P256')], ['first']],
  ])('%j', async (filters, expected) => {
    await setUp();
    expect(await list([filter('DKMSInstanceId'), ...filters])).toEqual(expected);
  });

  it('find one key by its id, and count only what they let through', async () => {
    await setUp();
    expect(await list([filter('keyId', made['first'] ?? '')])).toEqual(['first']);
    const Filters = JSON.stringify([filter('DKMSInstanceId', 'kst-filtered')]);
    const page = await ok('ListKeys', { Filters, PageSize: '1', PageNumber: '2' });
    expect(page).toMatchObject({ Keys: { Key: [{ KeyId: made['second'] }] }, TotalCount: 2 });
  });

  it.each([
    '{',
    '{}',
    '[null]',
    '["KeyState"]',
    '[{"Values":["x"]}]',
    '[{"Key":"toString","Values":["x"]}]',
    '[{"Key":"KeyState","Values":"Enabled"}]',
    '[{"Key":"KeyState","Values":[1]}]',
    JSON.stringify([filter('KeyState', ...names(11))]),
    JSON.stringify(names(11).map(() => filter('KeyState', 'Enabled'))),
  ])('are refused as %s', async (Filters) => {
    expectRefusal(await call('ListKeys', { Filters }), 400, 'InvalidParameter');
  });
});

it('DescribeRegions names the region that the emulator plays', async () => {
  const { Regions } = await ok('DescribeRegions');
  expect(Regions).toEqual({ Region: [{ RegionId: 'cn-hangzhou' }] });
});

it('DescribeAccountKmsStatus says that the account may use the service', async () => {
  expect(await ok('DescribeAccountKmsStatus')).toMatchObject({ AccountStatus: 'Enabled' });
});

it.each(['{', '[]', '1', JSON.stringify({ Version: 'x'.repeat(32_768) })])(
  'CreateKey refuses the policy %.20s',
  async (Policy) => {
    expectRefusal(await call('CreateKey', { ...EC, Policy }), 400, 'InvalidParameter');
  },
);

it('CreateKey takes a policy and a storage mechanism that it does nothing with', async () => {
  await ok('CreateKey', { ...EC, Policy: '{"Version":"1"}', KeyStorageMechanism: 'HsmEncryptedDatabase' });
});
