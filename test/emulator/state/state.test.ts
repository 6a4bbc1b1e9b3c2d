import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { Committer } from '../../../src/emulator/state/committer.js';
import { filesBelow, freshPath, start } from './directory.js';

const DAY_MS = 24 * 60 * 60 * 1000;

const keyIdOf = (created: Record<string, unknown>): string =>
  (created['KeyMetadata'] as { KeyId: string }).KeyId;

const readState = (stateDir: string) =>
  JSON.parse(readFileSync(path.join(stateDir, 'state.json'), 'utf8')) as Record<string, never>;

describe('a state directory', () => {
  it('brings back everything that was said about keys and aliases', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir });
    const created = await first.call('CreateKey', {
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT/DECRYPT',
      ProtectionLevel: 'HSM',
      Description: 'äöü 漢',
      DKMSInstanceId: 'kst-1',
      Tags: '[{"TagKey":"team","TagValue":"a"}]',
    });
    const KeyId = keyIdOf(created);
    const other = keyIdOf(await first.call('CreateKey', { KeySpec: 'EC_P256' }));
    await first.call('CreateAlias', { KeyId, AliasName: 'alias/a' });
    await first.call('SetDeletionProtection', {
      ProtectedResourceArn: `acs:kms:cn-hangzhou:1000000000000000:key/${KeyId}`,
      EnableDeletionProtection: 'true',
      DeletionProtectionDescription: 'keep',
    });
    await first.call('ScheduleKeyDeletion', { KeyId: other, PendingWindowInDays: '9' });
    const questions = [
      ['DescribeKey', { KeyId: 'alias/a' }],
      ['DescribeKey', { KeyId: other }],
      ['ListKeys', {}],
      ['ListKeyVersions', { KeyId }],
      ['ListAliases', {}],
      ['ListResourceTags', { KeyId }],
    ] as const;
    const ask = async (emulator: typeof first) => {
      const answers = await Promise.all(questions.map(([action, query]) => emulator.call(action, query)));
      return answers.map(({ RequestId: _, ...members }) => members);
    };
    const before = await ask(first);
    expect(JSON.stringify(before)).toContain('"DeletionProtection":"Enabled"');
    await first.close();
    expect(await ask(await start({ stateDir, hsm: 'auto' }))).toEqual(before);
  });

  it('is for its owner alone, and holds no private key in clear', async () => {
    const stateDir = freshPath();
    mkdirSync(stateDir, { mode: 0o755 });
    const emulator = await start({ stateDir });
    for (const [KeySpec, ProtectionLevel] of [
      ['RSA_2048', 'HSM'],
      ['EC_P256', 'SOFTWARE'],
    ] as const) {
      await emulator.call('CreateKey', { KeySpec, ProtectionLevel });
    }
    await emulator.close();
    expect((statSync(stateDir).mode & 0o777).toString(8)).toBe('700');
    const files = filesBelow(stateDir);
    expect([...files.keys()].filter((name) => name.endsWith('.pem'))).toHaveLength(2);
    for (const [name, { content, mode }] of files) {
      expect([name, mode]).toEqual([name, '600']);
      expect(content.includes('BEGIN PRIVATE KEY'), name).toBe(false);
      expect(content.includes('BEGIN RSA PRIVATE KEY'), name).toBe(false);
    }
  });

  it('is refused to a second emulator, and free again after the first has ended', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir });
    await expect(start({ stateDir })).rejects.toThrow(`is in use by process ${process.pid}`);
    await first.close();
    await (await start({ stateDir })).close();
  });

  it('is refused to an emulator with another HSM', async () => {
    const stateDir = freshPath();
    await (await start({ stateDir })).close();
    for (const hsm of ['softhsm', 'pkcs11:token=x?module-name=softhsm2']) {
      await expect(start({ stateDir, hsm })).rejects.toMatchObject({
        code: 'usage',
        message: `the state directory "${stateDir}" was made with another HSM than was asked for`,
        hints: ['open it with --hsm software'],
      });
    }
    await (await start({ stateDir, hsm: 'auto' })).close();
  });

  it('is not made among files of somebody else, which stay as they are', async () => {
    const stateDir = freshPath();
    mkdirSync(stateDir, { mode: 0o755 });
    writeFileSync(path.join(stateDir, 'notes.txt'), 'mine');
    await expect(start({ stateDir })).rejects.toMatchObject({
      code: 'emulator',
      message: `the directory "${stateDir}" is not empty and holds no emulator state`,
    });
    expect(readdirSync(stateDir)).toEqual(['notes.txt']);
    expect((statSync(stateDir).mode & 0o777).toString(8)).toBe('755');
  });

  it.skipIf(process.platform === 'win32').each(['lock', 'state.json'])(
    'with a pipe for its %s is refused instead of waited for',
    async (name) => {
      const stateDir = freshPath();
      mkdirSync(stateDir);
      execFileSync('mkfifo', [path.join(stateDir, name)]);
      await expect(start({ stateDir })).rejects.toMatchObject({
        code: 'emulator',
        message: `"${path.join(stateDir, name)}" is not a regular file`,
      });
    },
  );

  it('made by a clock before 1970, or between two milliseconds, comes back', async () => {
    const stateDir = freshPath();
    const clock = () => -1.5;
    const first = await start({ stateDir, clock });
    const KeyId = keyIdOf(await first.call('CreateKey', { KeySpec: 'EC_P256' }));
    const { KeyMetadata } = await first.call('DescribeKey', { KeyId });
    await first.close();
    const second = await start({ stateDir, clock });
    expect(KeyMetadata).toMatchObject({ CreationDate: '1969-12-31T23:59:59Z' });
    expect((await second.call('DescribeKey', { KeyId }))['KeyMetadata']).toEqual(KeyMetadata);
  });

  it('that has lost its metadata keeps its keys', async () => {
    const stateDir = freshPath();
    const emulator = await start({ stateDir });
    await emulator.call('CreateKey', { KeySpec: 'EC_P256' });
    await emulator.close();
    rmSync(path.join(stateDir, 'state.json'));
    const before = filesBelow(stateDir);
    await expect(start({ stateDir })).rejects.toThrow('holds no emulator state');
    expect(filesBelow(stateDir)).toEqual(before);
  });

  it('goes on after a first start that was cut short', async () => {
    const stateDir = freshPath();
    mkdirSync(stateDir);
    writeFileSync(path.join(stateDir, 'state.json.new'), '{"form');
    writeFileSync(path.join(stateDir, 'lock'), `\n${'a'.repeat(16)} 999999999 1\n`);
    await (await start({ stateDir })).close();
    expect(readdirSync(stateDir).sort()).toEqual(['lock', 'software-keys', 'state.json']);
  });

  it('that cannot be made or used says so', async () => {
    const stateDir = freshPath();
    writeFileSync(stateDir, '');
    await expect(start({ stateDir })).rejects.toMatchObject({
      code: 'write-failed',
      message: `cannot use the state directory "${stateDir}": something else is there`,
    });
    await expect(start({ stateDir: path.join(stateDir, 'below') })).rejects.toThrow(
      'a part of its path is not a directory',
    );
  });

  it('destroys keys that a crash left without a record, and says so', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir });
    const KeyId = keyIdOf(await first.call('CreateKey', { KeySpec: 'EC_P256' }));
    await first.close();
    const hsm = await openHsm('software', { stateDir });
    const [kept] = await hsm.keys();
    await hsm.generateKey('EC_P256');
    await hsm.close();
    const second = await start({ stateDir });
    expect(second.notices).toContain('destroyed 1 keys that a crash had left without a record');
    expect(await second.call('DescribeKey', { KeyId })).toHaveProperty('KeyMetadata');
    await second.close();
    expect(readdirSync(path.join(stateDir, 'software-keys')).sort()).toEqual(
      [`${kept}.pem`, 'secret'].sort(),
    );
  });

  it('names a key whose private half is missing, and destroys nothing', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir });
    const KeyId = keyIdOf(await first.call('CreateKey', { KeySpec: 'EC_P256' }));
    await first.close();
    const hsm = await openHsm('software', { stateDir });
    const [ref = ''] = await hsm.keys();
    await hsm.generateKey('EC_P256');
    await hsm.destroyKey(ref);
    await hsm.close();
    const before = filesBelow(path.join(stateDir, 'software-keys'));
    await expect(start({ stateDir })).rejects.toMatchObject({
      code: 'emulator',
      message: expect.stringMatching(
        new RegExp(
          `^version "[0-9a-f-]{36}" of key "${KeyId}" is recorded, but its private key is not in software`,
        ),
      ) as string,
    });
    expect(filesBelow(path.join(stateDir, 'software-keys'))).toEqual(before);
  });

  it('strikes a key whose time is over from the record before its private half is destroyed', async () => {
    const stateDir = freshPath();
    let nowMs = Date.now();
    const emulator = await start({ stateDir, clock: () => nowMs });
    const KeyId = keyIdOf(await emulator.call('CreateKey', { KeySpec: 'EC_P256' }));
    await emulator.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
    nowMs += 8 * DAY_MS;
    const pems = () =>
      readdirSync(path.join(stateDir, 'software-keys')).filter((name) => name.endsWith('.pem'));
    // As long as the record cannot be written, the key stays in the device.
    mkdirSync(path.join(stateDir, 'state.json.new'));
    expect(await emulator.call('ListKeys')).toMatchObject({ Code: 'InternalFailure' });
    expect(pems()).toHaveLength(1);
    rmSync(path.join(stateDir, 'state.json.new'), { recursive: true });
    expect(await emulator.call('ListKeys')).toMatchObject({ TotalCount: 0 });
    expect(pems()).toHaveLength(0);
    expect(readState(stateDir)).toMatchObject({ keys: [] });
    await emulator.close();
    await (await start({ stateDir })).close();
  });

  it('replaces its record whole: whoever reads the old one never sees half of a new one', async () => {
    const stateDir = freshPath();
    const emulator = await start({ stateDir });
    const KeyId = keyIdOf(await emulator.call('CreateKey', { KeySpec: 'EC_P256' }));
    const before = openSync(path.join(stateDir, 'state.json'), 'r');
    await emulator.call('CreateAlias', { KeyId, AliasName: 'alias/a' });
    expect(JSON.parse(readFileSync(before, 'utf8'))).toMatchObject({ keys: [{ keyId: KeyId }], aliases: [] });
    closeSync(before);
    expect(readState(stateDir)).toMatchObject({ aliases: [{ aliasName: 'alias/a' }] });
  });

  it('acknowledges nothing that could not be written, and goes on when it can', async () => {
    const stateDir = freshPath();
    const emulator = await start({ stateDir });
    const KeyId = keyIdOf(await emulator.call('CreateKey', { KeySpec: 'EC_P256' }));
    // A directory in the way of the unfinished file: neither removed nor opened.
    mkdirSync(path.join(stateDir, 'state.json.new'));
    expect(await emulator.call('CreateAlias', { KeyId, AliasName: 'alias/a' })).toMatchObject({
      Code: 'InternalFailure',
    });
    expect(await emulator.call('ListAliases')).toMatchObject({ Code: 'InternalFailure' });
    expect(emulator.notices.join()).toMatch(/cannot write to the state directory ".*": it is a directory/);
    expect(readState(stateDir)).toMatchObject({ aliases: [] });
    rmSync(path.join(stateDir, 'state.json.new'), { recursive: true });
    expect(await emulator.call('ListAliases')).toMatchObject({ TotalCount: 1 });
    expect(readState(stateDir)).toMatchObject({ aliases: [{ aliasName: 'alias/a', keyId: KeyId }] });
  });
});

describe('a state file', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const version = {
    keyVersionId: 'v1',
    createdMs: 1,
    hsmRef: 'a'.repeat(32),
    type: 'EC_P256',
    publicKey,
  };
  const key = {
    keyId: 'key-1',
    createdMs: 1,
    state: 'Enabled',
    spec: 'EC_P256',
    usage: 'SIGN/VERIFY',
    protectionLevel: 'HSM',
    description: '',
    deletionProtection: { isEnabled: false, description: '' },
    tags: [['a', 'b']],
    versions: [version],
  };
  const state = {
    format: 'kms-asym emulator state',
    version: 1,
    owner: '0'.repeat(32),
    hsm: { backend: 'software' },
    keys: [key],
    aliases: [{ aliasName: 'alias/a', keyId: 'key-1' }],
  };
  const withKey = (changes: object) => ({ ...state, keys: [{ ...key, ...changes }] });
  const withVersion = (changes: object) => withKey({ versions: [{ ...version, ...changes }] });

  it.each<[string, unknown, string]>([
    ['cut short', '{"format":"kms', 'it is not JSON'],
    ['empty', '', 'it is not JSON'],
    ['no object', [], 'it must be an object'],
    ['null', null, 'it must be an object'],
    ['of another program', { ...state, format: 'other' }, '"format" must be one of kms-asym emulator state'],
    [
      'of a later version',
      { ...state, version: 2, more: 1 },
      '"version" must be a kms-asym emulator state of version 1',
    ],
    ['without a version', { keys: [] }, 'it must be a kms-asym emulator state of version 1'],
    ['with more', { ...state, more: 1 }, '"more" must be left out: only'],
    ['with an odd member', { ...state, 'a\n"b': 1 }, '"?" must be left out'],
    ['without keys', { ...state, keys: undefined }, '"keys" must be given'],
    ['with another owner', { ...state, owner: 'me' }, '"owner" must be 32 hexadecimal digits'],
    ['of an unknown HSM', { ...state, hsm: { backend: 'abacus' } }, '"hsm.backend" must be one of'],
    [
      'with a key twice',
      { ...state, keys: [key, { ...key, versions: [{ ...version, hsmRef: 'b'.repeat(32) }] }] },
      '"keys[1]" must be another key',
    ],
    [
      'with an alias twice',
      { ...state, aliases: [...state.aliases, ...state.aliases] },
      '"aliases[1]" must be another',
    ],
    [
      'with an alias of nothing',
      { ...state, aliases: [{ aliasName: 'alias/a', keyId: 'key-2' }] },
      '"aliases[0].keyId" must be one of key-1',
    ],
    [
      'with a nameless alias',
      { ...state, aliases: [{ aliasName: 'a', keyId: 'key-1' }] },
      '"aliases[0].aliasName" must be',
    ],
    ...['alias/\u001b[31m', 'alias/', 'alias/acs/kms', `alias/${'x'.repeat(256)}`].map(
      (aliasName): [string, unknown, string] => [
        `with an alias that nobody can make, ${JSON.stringify(aliasName).slice(0, 24)}`,
        { ...state, aliases: [{ aliasName, keyId: 'key-1' }] },
        '"aliases[0].aliasName" must be the name of an alias',
      ],
    ),
    ['with a bad key id', withKey({ keyId: '../x' }), '"keys[0].keyId" must be an id'],
    ['with a bad date', withKey({ createdMs: 9e15 }), '"keys[0].createdMs" must be a date'],
    [
      'with an EC key that decrypts',
      withKey({ usage: 'ENCRYPT/DECRYPT' }),
      '"keys[0].usage" must be one of SIGN',
    ],
    [
      'with a version twice',
      withKey({ versions: [version, version] }),
      '"keys[0].versions[1]" must be another',
    ],
    [
      'with a private half in two keys',
      { ...state, keys: [key, { ...key, keyId: 'key-2' }] },
      '"keys[1].versions[0]" must be another',
    ],
    [
      'with a public key of another spec',
      withKey({ spec: 'EC_P256K', versions: [{ ...version, type: 'EC_P256K' }] }),
      '"keys[0].versions[0].publicKey" must be a public key of spec EC_P256K',
    ],
    [
      'with half a deletion',
      withKey({ state: 'PendingDeletion' }),
      '"keys[0].state" must be PendingDeletion with',
    ],
    ['with a deletion too many', withKey({ deleteMs: 1 }), '"keys[0].state" must be'],
    ['with a bad tag', withKey({ tags: [['a']] }), '"keys[0].tags[0]" must be a key and a value'],
    [
      'with an odd tag',
      withKey({ tags: [['\u001b', 'b']] }),
      '"keys[0].tags[0]" must be a tag as TagResource',
    ],
    ['with a reserved tag', withKey({ tags: [['acs:a', 'b']] }), '"keys[0].tags[0]" must be a tag as TagRes'],
    [
      'with a tag twice',
      withKey({
        tags: [
          ['a', 'b'],
          ['a', 'c'],
        ],
      }),
      '"keys[0].tags" must be of 20 different tags at most',
    ],
    [
      'with too many tags',
      withKey({ tags: Array.from({ length: 21 }, (_, index) => [`t${index}`, '']) }),
      '"keys[0].tags" must be of 20 different tags at most',
    ],
    [
      'with a bad flag',
      withKey({ deletionProtection: { isEnabled: 1, description: '' } }),
      '"keys[0].deletionProtection.isEnabled" must be true or false',
    ],
    ['with no version', withKey({ versions: [] }), '"keys[0].versions" must be an array that is not empty'],
    ['with versions of no array', withKey({ versions: {} }), '"keys[0].versions" must be an array'],
    [
      'with another type',
      withVersion({ type: 'RSA_2048' }),
      '"keys[0].versions[0].type" must be one of EC_P256',
    ],
    [
      'with a bad reference',
      withVersion({ hsmRef: '../../x' }),
      '"keys[0].versions[0].hsmRef" must be a reference',
    ],
    [
      'with a bad public key',
      withVersion({ publicKey: '?' }),
      '"keys[0].versions[0].publicKey" must be a public key',
    ],
  ])('that is %s is refused and left alone', async (_title, content, reason) => {
    const stateDir = freshPath();
    mkdirSync(stateDir);
    const file = path.join(stateDir, 'state.json');
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(file, text);
    await expect(start({ stateDir })).rejects.toMatchObject({
      code: 'emulator',
      message: expect.stringContaining(
        `the emulator's state in "${file}" cannot be read: ${reason}`,
      ) as string,
      hints: [expect.stringContaining('it was left as it is') as string, expect.any(String) as string],
    });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(stateDir).sort()).toEqual(['lock', 'state.json']);
  });

  it('of another token is refused', async () => {
    const stateDir = freshPath();
    await (await start({ stateDir })).close();
    const file = path.join(stateDir, 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"identity":"software"', '"identity":"other 1"'));
    await expect(start({ stateDir })).rejects.toMatchObject({
      code: 'emulator',
      message: `the state directory "${stateDir}" belongs to the token "other 1", not to "software"`,
    });
  });
});

describe('a committer', () => {
  it('writes once for many, again for later changes, and only when something changed', async () => {
    let revision = 0;
    const written: number[] = [];
    const pending: (() => void)[] = [];
    const committer = new Committer(
      () => revision,
      () => {
        written.push(revision);
        return new Promise((resolve) => pending.push(resolve));
      },
    );
    const first = [committer.commit(), committer.commit()];
    await vi.waitFor(() => expect(written).toEqual([0]));
    first.push(committer.commit());
    revision = 1;
    const second = committer.commit();
    revision = 2;
    const third = committer.commit();
    let isSecondDone = false;
    void second.then(() => (isSecondDone = true));
    expect(written).toEqual([0]);
    pending[0]?.();
    await Promise.all(first);
    await vi.waitFor(() => expect(written).toEqual([0, 2]));
    expect(isSecondDone).toBe(false);
    pending[1]?.();
    await Promise.all([second, third]);
    await committer.commit();
    expect(written).toEqual([0, 2]);
  });

  it('tells everybody who waited that a write failed, and tries again', async () => {
    let isBroken = true;
    const write = () => (isBroken ? Promise.reject(new Error('full')) : Promise.resolve());
    const committer = new Committer(() => 1, write);
    const outcomes = await Promise.allSettled([committer.commit(), committer.commit()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    await expect(committer.commit()).resolves.toBeUndefined();
  });
});
