import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { readSeed } from '../../../src/emulator/state/seed.js';
import { freshPath, start } from './directory.js';

const pem = (key: ReturnType<typeof createPrivateKey>) =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
const RSA = pem(createPrivateKey(readFileSync(join(inject('fixtures'), 'rsa2048.key'))));
const EC = pem(createPrivateKey(readFileSync(join(inject('fixtures'), 'prime256v1.key'))));
const publicOf = (privatePem: string) =>
  createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString().trim();

const SEED = {
  keys: [
    {
      KeyId: 'key-fixture-rsa',
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT/DECRYPT',
      ProtectionLevel: 'HSM',
      Description: 'for everybody',
      Aliases: ['alias/backup', 'alias/restore'],
      Tags: { team: 'a', cost: '' },
      Versions: [
        { KeyVersionId: 'old', PrivateKey: RSA },
        { KeyVersionId: 'f44ba39b-d03b-4f7f-8ffb-81e35ffa6b97' },
      ],
    },
    {
      KeyId: 'd2d6b6a8-5c39-4b7c-9f4c-0e8f1b0c5e11',
      KeySpec: 'EC_P256',
      Versions: [{ KeyVersionId: 'v', PrivateKey: EC }],
    },
    { KeyId: 'key-off', KeySpec: 'EC_P256K', KeyState: 'Disabled' },
    { KeyId: 'key-going', KeySpec: 'EC_P256', KeyState: 'PendingDeletion' },
  ],
};

const encryptedTo = (publicKey: string, message: string): string =>
  execFileSync(
    'sh',
    [
      '-c',
      'echo "$KEY" > "$0" && openssl pkeyutl -encrypt -pubin -inkey "$0" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256',
      freshPath(),
    ],
    { input: message, env: { ...process.env, KEY: publicKey } },
  ).toString('base64');

describe('a seed', () => {
  it('makes its keys, with the ids, aliases, tags and private keys it says', async () => {
    const emulator = await start({ seed: SEED });
    expect(await emulator.call('DescribeKey', { KeyId: 'alias/restore' })).toMatchObject({
      KeyMetadata: {
        KeyId: 'key-fixture-rsa',
        KeySpec: 'RSA_2048',
        KeyUsage: 'ENCRYPT/DECRYPT',
        ProtectionLevel: 'HSM',
        Description: 'for everybody',
        KeyState: 'Enabled',
      },
    });
    expect(await emulator.call('ListResourceTags', { KeyId: 'key-fixture-rsa' })).toMatchObject({
      Tags: {
        Tag: [
          { TagKey: 'team', TagValue: 'a' },
          { TagKey: 'cost', TagValue: '' },
        ],
      },
    });
    const reference = { KeyId: 'key-fixture-rsa', KeyVersionId: 'old' };
    const { PublicKey } = await emulator.call('GetPublicKey', reference);
    expect(String(PublicKey).trim()).toBe(publicOf(RSA));
    const ciphertext = encryptedTo(publicOf(RSA), 'hello');
    expect(
      await emulator.call('AsymmetricDecrypt', {
        ...reference,
        Algorithm: 'RSAES_OAEP_SHA_256',
        CiphertextBlob: ciphertext,
      }),
    ).toMatchObject({ Plaintext: Buffer.from('hello').toString('base64') });
    const generated = await emulator.call('GetPublicKey', {
      ...reference,
      KeyVersionId: 'f44ba39b-d03b-4f7f-8ffb-81e35ffa6b97',
    });
    expect(generated['PublicKey']).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(generated['PublicKey']).not.toBe(PublicKey);
    const ec = { KeyId: 'd2d6b6a8-5c39-4b7c-9f4c-0e8f1b0c5e11', KeyVersionId: 'v' };
    expect(String((await emulator.call('GetPublicKey', ec))['PublicKey']).trim()).toBe(publicOf(EC));
    expect(await emulator.call('DescribeKey', { KeyId: 'key-off' })).toMatchObject({
      KeyMetadata: { KeyState: 'Disabled', KeyUsage: 'SIGN/VERIFY', ProtectionLevel: 'SOFTWARE' },
    });
    const going = (await emulator.call('DescribeKey', { KeyId: 'key-going' }))['KeyMetadata'];
    const { KeyState, DeleteDate } = going as { KeyState: string; DeleteDate: string };
    expect(KeyState).toBe('PendingDeletion');
    expect((Date.parse(DeleteDate) - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
  });

  it('makes versions from the oldest to the newest, which is as old as the emulator', async () => {
    const now = Date.parse('2026-01-01T00:00:01.500Z');
    const ids = ['v3', 'v1', 'v2'];
    const Versions = ids.map((KeyVersionId) => ({ KeyVersionId }));
    const key = { KeyId: 'key-1', KeySpec: 'EC_P256', KeyState: 'PendingDeletion', Versions };
    const emulator = await start({ seed: { keys: [key] }, clock: () => now });
    const dates = ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
    expect(await emulator.call('ListKeyVersions', { KeyId: 'key-1' })).toMatchObject({
      KeyVersions: {
        KeyVersion: ids.map((KeyVersionId, index) => ({ KeyVersionId, CreationDate: dates[index] })),
      },
    });
    expect(await emulator.call('DescribeKey', { KeyId: 'key-1' })).toMatchObject({
      KeyMetadata: { CreationDate: dates[0], DeleteDate: '2026-01-31T00:00:01Z' },
    });
  });

  it('leaves keys alone that a state directory has already, and adds the others', async () => {
    const stateDir = freshPath();
    const [rsa, ...others] = SEED.keys;
    const first = await start({ stateDir, seed: { keys: [rsa] } });
    await first.call('UpdateKeyDescription', { KeyId: 'key-fixture-rsa', Description: 'changed' });
    await first.call('DeleteAlias', { AliasName: 'alias/backup' });
    await first.close();
    const second = await start({ stateDir, seed: { keys: [rsa, ...others] } });
    expect(await second.call('DescribeKey', { KeyId: 'key-fixture-rsa' })).toMatchObject({
      KeyMetadata: { Description: 'changed' },
    });
    expect(await second.call('ListAliases')).toMatchObject({ TotalCount: 1 });
    expect(await second.call('ListKeys')).toMatchObject({ TotalCount: 4 });
    await second.close();
    // A seed that changes nothing is no work, and needs not be given again.
    expect(await (await start({ stateDir })).call('ListKeys')).toMatchObject({ TotalCount: 4 });
  });

  it('does not take an alias away from another key', async () => {
    const stateDir = freshPath();
    const key = { KeyId: 'key-1', KeySpec: 'EC_P256', Aliases: ['alias/a'] };
    await (await start({ stateDir, seed: { keys: [key] } })).close();
    await expect(start({ stateDir, seed: { keys: [{ ...key, KeyId: 'key-2' }] } })).rejects.toMatchObject({
      code: 'configuration',
      message: 'the seed wants the alias "alias/a" for another key than it stands for already',
    });
    expect(await (await start({ stateDir })).call('ListKeys')).toMatchObject({ TotalCount: 1 });
  });

  const key = { KeyId: 'key-1', KeySpec: 'RSA_2048' };
  const one = (changes: object) => ({ keys: [{ ...key, ...changes }] });
  const privateKey = (PrivateKey: unknown) =>
    one({ Versions: [{ KeyVersionId: 'v1' }, { KeyVersionId: 'v2', PrivateKey }] });
  const exponent3 = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey;

  it.each<[string, unknown, string]>([
    ['nothing', null, 'it must be an object'],
    ['a list', [], 'it must be an object'],
    ['without keys', {}, '"keys" must be given'],
    ['with something else', { keys: [], Keys: [] }, '"Keys" must be left out: only keys are known here'],
    ['with a key that is none', { keys: [1] }, '"keys[0]" must be an object'],
    ['with a nameless key', { keys: [{ KeySpec: 'EC_P256' }] }, '"keys[0].KeyId" must be given'],
    [
      'with a bad id',
      one({ KeyId: 'alias/x' }),
      '"keys[0].KeyId" must be an id of letters, digits and hyphens',
    ],
    ['with an id twice', { keys: [key, key] }, '"keys[1].KeyId" must be different from those before it'],
    ['with an unknown spec', one({ KeySpec: 'EC_SM2' }), '"keys[0].KeySpec" must be one of RSA_2048, '],
    [
      'with an unknown usage',
      one({ KeyUsage: 'SIGN' }),
      '"keys[0].KeyUsage" must be one of ENCRYPT/DECRYPT, SIGN/VERIFY',
    ],
    [
      'with an EC key that encrypts',
      one({ KeySpec: 'EC_P256', KeyUsage: 'ENCRYPT/DECRYPT' }),
      '"keys[0].KeyUsage" must be SIGN/VERIFY for an EC key',
    ],
    ['with an unknown level', one({ ProtectionLevel: 'TPM' }), '"keys[0].ProtectionLevel" must be one of'],
    ['with an unknown state', one({ KeyState: 'Gone' }), '"keys[0].KeyState" must be one of'],
    ['with a description of another kind', one({ Description: 1 }), '"keys[0].Description" must be a text'],
    [
      'with a long description',
      one({ Description: 'd'.repeat(8193) }),
      '"keys[0].Description" must be a text of 8192',
    ],
    [
      'with a bad alias',
      one({ Aliases: ['alias/a', 'b'] }),
      '"keys[0].Aliases[1]" must be the name of an alias',
    ],
    [
      'with a reserved alias',
      one({ Aliases: ['alias/acs/x'] }),
      '"keys[0].Aliases[0]" must be the name of an alias',
    ],
    [
      'with an alias twice',
      one({ Aliases: ['alias/a', 'alias/a'] }),
      '"keys[0].Aliases[1]" must be different',
    ],
    ['with tags in a list', one({ Tags: ['a'] }), '"keys[0].Tags" must be an object'],
    ['with a reserved tag', one({ Tags: { 'acs:x': 'a' } }), 'must be a tag as TagResource takes it'],
    ['with a tag of another kind', one({ Tags: { a: 1 } }), '"keys[0].Tags.a" must be a text'],
    [
      'with too many tags',
      one({ Tags: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`t${index}`, ''])) }),
      '"keys[0].Tags" must be of 20 tags at most',
    ],
    ['with no versions', one({ Versions: [] }), '"keys[0].Versions" must be an array that is not empty'],
    [
      'with too many versions',
      one({ Versions: Array.from({ length: 51 }, (_, index) => ({ KeyVersionId: `v${index}` })) }),
      '"keys[0].Versions" must be of 50 versions at most',
    ],
    [
      'with a bad version id',
      one({ Versions: [{ KeyVersionId: 'v1' }, { KeyVersionId: '' }] }),
      '"keys[0].Versions[1].KeyVersionId" must be an id',
    ],
    [
      'with a version twice',
      one({ Versions: [{ KeyVersionId: 'v1' }, { KeyVersionId: 'v1' }] }),
      '"keys[0].Versions[1].KeyVersionId" must be different',
    ],
    [
      'with a private key of another kind',
      privateKey(7),
      '"keys[0].Versions[1].PrivateKey" must be a private key as PKCS#8',
    ],
    [
      'with PKCS#1',
      privateKey(createPrivateKey(RSA).export({ type: 'pkcs1', format: 'pem' })),
      '"keys[0].Versions[1].PrivateKey" must be a private key as PKCS#8 in PEM, not encrypted',
    ],
    [
      'with another spec',
      privateKey(EC),
      '"keys[0].Versions[1].PrivateKey" must be a sound private key of spec RSA_2048',
    ],
    ['with another exponent', privateKey(pem(exponent3)), 'spec RSA_2048, exponent 65537'],
    ['with a damaged key', privateKey(RSA.slice(0, 300)), '"keys[0].Versions[1].PrivateKey" must be a sound'],
  ])('%s is refused with the path of what is wrong', (_title, json, reason) => {
    let refusal: unknown;
    try {
      readSeed(json);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      name: 'KmsAsymError',
      code: 'configuration',
      message: expect.stringContaining(
        `bad seed: ${reason}`.replace('bad seed: must', 'must').replace('bad seed: spec', 'spec'),
      ) as string,
    });
    expect(String(refusal)).not.toContain(RSA.slice(100, 120));
  });

  it('that is refused starts nothing', async () => {
    const stateDir = freshPath();
    await expect(start({ stateDir, seed: {} })).rejects.toThrow('bad seed');
    await expect(start({ seed: 'x' })).rejects.toThrow('bad seed: it must be an object');
  });
});
