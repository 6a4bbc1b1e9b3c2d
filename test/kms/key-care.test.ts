/** The actions that look after keys, versions and aliases: what is sent, what is read, how pages are put together. */
import { describe, expect, it } from 'vitest';
import type { KmsClient } from '../../src/kms/client.js';
import { clientOf, json, serve } from './test-server.js';

const KEY_ID = 'key-hzz62f1cb66fa42qoabcd';
const REF = { keyId: KEY_ID, keyVersionId: 'v1' };
const DATE = '2026-01-02T03:04:05Z';

async function answering(body: object) {
  const server = await serve((_request, response) => {
    json(response, 200, body);
  });
  return { server, client: await clientOf(server.endpoint) };
}

describe('changes', () => {
  const changes: [string, (client: KmsClient) => Promise<object>, object][] = [
    ['EnableKey', (client) => client.enableKey(KEY_ID), { KeyId: KEY_ID }],
    ['DisableKey', (client) => client.disableKey(KEY_ID), { KeyId: KEY_ID }],
    [
      'ScheduleKeyDeletion',
      (client) => client.scheduleKeyDeletion(KEY_ID, 7),
      { KeyId: KEY_ID, PendingWindowInDays: '7' },
    ],
    ['CancelKeyDeletion', (client) => client.cancelKeyDeletion(KEY_ID), { KeyId: KEY_ID }],
    [
      'UpdateAlias',
      (client) => client.updateAlias(KEY_ID, 'alias/a'),
      { KeyId: KEY_ID, AliasName: 'alias/a' },
    ],
    ['DeleteAlias', (client) => client.deleteAlias('alias/a'), { AliasName: 'alias/a' }],
  ];

  it.each(changes)('%s sends its parameters and gives the RequestId', async (action, change, query) => {
    const { server, client } = await answering({ RequestId: 'r-7' });
    expect(await change(client)).toEqual({ requestId: 'r-7' });
    expect(server.received.map(({ headers }) => headers['x-acs-action'])).toEqual([action]);
    expect(server.received[0]?.query).toEqual(query);
  });

  it('CreateKeyVersion gives the version', async () => {
    const { client } = await answering({
      KeyVersion: { KeyId: KEY_ID, KeyVersionId: 'v2', CreationDate: DATE },
      RequestId: 'r-7',
    });
    expect(await client.createKeyVersion(KEY_ID)).toEqual({
      keyId: KEY_ID,
      keyVersionId: 'v2',
      creationDate: DATE,
      requestId: 'r-7',
    });
  });

  it('CreateKeyVersion without a version is refused, and a version that was made is not forgotten', async () => {
    const { client } = await answering({ RequestId: 'r-7' });
    await expect(client.createKeyVersion(KEY_ID)).rejects.toMatchObject({
      code: 'invalid-response',
      hints: expect.arrayContaining([
        expect.stringContaining(`kms-asym list-key-versions --key-id ${KEY_ID}`),
      ]) as string[],
    });
  });
});

it('DescribeKey gives everything about a key in an instance', async () => {
  const { client } = await answering({
    KeyMetadata: {
      KeyId: KEY_ID,
      KeyState: 'PendingDeletion',
      DeleteDate: DATE,
      Creator: 123,
      Description: 'für\n\u001b[2JBackups',
      DKMSInstanceId: 'kst-abc',
      DeletionProtection: 'Enabled',
      SomethingNew: { later: true },
    },
    RequestId: 'r',
  });
  expect(await client.describeKey('alias/a')).toMatchObject({
    keyState: 'PendingDeletion',
    deleteDate: DATE,
    creator: '123',
    description: 'für\n\u001b[2JBackups',
    instanceId: 'kst-abc',
    deletionProtection: 'Enabled',
    arn: undefined,
  });
});

describe('AsymmetricSign', () => {
  it('sends the digest and gives the bytes of the signature', async () => {
    const { server, client } = await answering({ KeyId: KEY_ID, KeyVersionId: 'v1', Value: 'AAE=' });
    const digest = Buffer.alloc(32, 7);
    expect(await client.asymmetricSign(REF, 'ECDSA_SHA_256', digest)).toEqual({
      ...REF,
      signature: Buffer.from([0, 1]),
      requestId: '',
    });
    expect(server.received[0]?.query).toEqual({
      KeyId: KEY_ID,
      KeyVersionId: 'v1',
      Algorithm: 'ECDSA_SHA_256',
      Digest: digest.toString('base64'),
    });
  });

  it.each([undefined, '', 'A', 'AAB=', Buffer.alloc(513).toString('base64')])(
    'with signature %j is refused',
    async (Value) => {
      const { client } = await answering({ KeyId: KEY_ID, KeyVersionId: 'v1', Value });
      await expect(client.asymmetricSign(REF, 'A', Buffer.alloc(32))).rejects.toMatchObject({
        code: 'invalid-response',
        message: 'the answer to AsymmetricSign lacks a valid "Value"',
      });
    },
  );
});

describe('lists', () => {
  const lists: [
    string,
    (client: KmsClient) => Promise<readonly object[]>,
    (items: object[]) => object,
    object,
  ][] = [
    [
      'ListKeys',
      (client) => client.listKeys(),
      (Key) => ({ Keys: { Key } }),
      { KeyId: KEY_ID, KeyArn: 'acs:kms:r:1:key/k' },
    ],
    [
      'ListAliases',
      (client) => client.listAliases(),
      (Alias) => ({ Aliases: { Alias } }),
      { KeyId: KEY_ID, AliasName: 'alias/a', AliasArn: 'acs:kms:r:1:alias/a' },
    ],
    [
      'ListAliasesByKeyId',
      (client) => client.listAliases(KEY_ID),
      (Alias) => ({ Aliases: { Alias } }),
      { KeyId: KEY_ID, AliasName: 'alias/a', AliasArn: 'acs:kms:r:1:alias/a' },
    ],
  ];

  it.each(lists)(
    '%s fetches every page, in order, and counts nothing twice',
    async (action, list, wrap, item) => {
      const identity = 'AliasName' in item ? 'AliasName' : 'KeyId';
      const all = Array.from({ length: 250 }, (_, index) => ({ ...item, [identity]: `alias/${index}` }));
      const server = await serve(({ query }, response) => {
        const start = (Number(query['PageNumber']) - 1) * 100;
        // One item more on each page: what another client deleted meanwhile moved up.
        json(response, 200, { ...wrap(all.slice(Math.max(0, start - 1), start + 100)), TotalCount: 250 });
      });
      const client = await clientOf(server.endpoint);
      const found = await list(client);
      expect(
        found.map((each) => ('aliasName' in each ? each.aliasName : (each as { keyId: string }).keyId)),
      ).toEqual(all.map((_, index) => `alias/${index}`));
      expect(
        server.received.map(({ headers, query }) => [headers['x-acs-action'], query['PageNumber']]),
      ).toEqual([
        [action, '1'],
        [action, '2'],
        [action, '3'],
      ]);
      expect(server.received.every(({ query }) => query['PageSize'] === '100')).toBe(true);
    },
  );

  it.each(lists)('%s of nothing is empty', async (_action, list, wrap) => {
    const { client } = await answering({ ...wrap([]), TotalCount: 0 });
    expect(await list(client)).toEqual([]);
  });

  it.each(lists)(
    '%s gives up on a service that always has one more page',
    async (_action, list, wrap, item) => {
      const server = await serve((_request, response, count) => {
        json(response, 200, {
          ...wrap([{ ...item, KeyId: `k${count}`, AliasName: `a${count}` }]),
          TotalCount: 1e6,
        });
      });
      const client = await clientOf(server.endpoint);
      await expect(list(client)).rejects.toMatchObject({ code: 'invalid-response' });
      expect(server.received).toHaveLength(1000);
    },
  );

  it.each(lists)('%s refuses what is no list, no total and no id', async (_action, list, wrap, item) => {
    const broken = [
      { TotalCount: 0 },
      { ...wrap([item]), TotalCount: '1x' },
      { ...wrap([item]), TotalCount: -0.5 },
      { ...wrap([{ ...item, KeyId: 'key \u001b[31m' }]), TotalCount: 1 },
      { ...wrap([{ ...item, KeyId: undefined }]), TotalCount: 1 },
    ];
    for (const body of broken) {
      const { client } = await answering(body);
      await expect(list(client), JSON.stringify(body)).rejects.toMatchObject({ code: 'invalid-response' });
    }
  });

  it('ListKeys passes conditions on', async () => {
    const { server, client } = await answering({ Keys: { Key: [] }, TotalCount: 0 });
    await client.listKeys([
      { name: 'KeyState', values: ['Enabled', 'Disabled'] },
      { name: 'KeySpec', values: ['RSA_2048'] },
    ]);
    expect(JSON.parse(server.received[0]?.query['Filters'] ?? '')).toEqual([
      { Key: 'KeyState', Values: ['Enabled', 'Disabled'] },
      { Key: 'KeySpec', Values: ['RSA_2048'] },
    ]);
  });
});
