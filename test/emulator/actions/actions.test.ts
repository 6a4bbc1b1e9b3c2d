import { execFileSync } from 'node:child_process';
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../src/emulator/actions/index.js';
import { createKey, type CreatedKey, expectRefusal, runEmulator, UUID } from '../running.js';
import type { Params } from '../signer.js';

const running = runEmulator({ clock: () => Date.now() });
const { call, ok } = running;

const metadataOf = (answer: Record<string, unknown>) => answer['KeyMetadata'] as Record<string, string>;

let rsaKey: Promise<CreatedKey> | undefined;
/** One RSA_2048 key for all tests that do not mind. */
const sharedKey = () => (rsaKey ??= createKey(running, { ProtectionLevel: 'HSM' }));

it('every action file stands in the list, under its own name', () => {
  const files = readdirSync(new URL('../../../src/emulator/actions', import.meta.url));
  const names = files.filter((file) => file !== 'index.ts').map((file) => file.replace(/\.ts$/, ''));
  expect(Object.keys(ACTIONS).sort()).toEqual(names.sort());
});

describe('CreateKey', () => {
  it('answers with all metadata of the service', async () => {
    const metadata = metadataOf(
      await ok('CreateKey', {
        KeySpec: 'RSA_2048',
        KeyUsage: 'ENCRYPT/DECRYPT',
        ProtectionLevel: 'HSM',
        Origin: 'Aliyun_KMS',
        Description: 'for tests',
        DKMSInstanceId: 'kst-hzz1234567890abcdefgh',
        EnableAutomaticRotation: 'false',
        Tags: '[{"TagKey":"team","TagValue":"a/b"}]',
      }),
    );
    const KeyId = metadata['KeyId'] ?? '';
    expect(KeyId).toMatch(/^key-hzz[a-z0-9]{18}$/);
    expect(metadata).toEqual({
      KeyId,
      Arn: `acs:kms:cn-hangzhou:1000000000000000:key/${KeyId}`,
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT/DECRYPT',
      KeySpec: 'RSA_2048',
      Origin: 'Aliyun_KMS',
      ProtectionLevel: 'HSM',
      Creator: '1000000000000000',
      CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      LastRotationDate: metadata['CreationDate'],
      Description: 'for tests',
      PrimaryKeyVersion: '',
      AutomaticRotation: 'Disabled',
      MaterialExpireTime: '',
      DKMSInstanceId: 'kst-hzz1234567890abcdefgh',
    });
    const described = await ok('DescribeKey', { KeyId });
    expect(metadataOf(described)).toEqual({
      ...metadata,
      DeletionProtection: 'Disabled',
      DeletionProtectionDescription: '',
    });
  });

  it('keeps to software and to signing unless told otherwise', async () => {
    const metadata = metadataOf(await ok('CreateKey', { KeySpec: 'EC_P256', Description: '', Tags: '' }));
    expect(metadata).toMatchObject({ ProtectionLevel: 'SOFTWARE', KeyUsage: 'SIGN/VERIFY', Description: '' });
    expect(metadata).not.toHaveProperty('DKMSInstanceId');
  });

  it.each([
    ['RSA_2048', 'rsa', 2048],
    ['RSA_3072', 'rsa', 3072],
    ['RSA_4096', 'rsa', 4096],
    ['EC_P256', 'ec', 'prime256v1'],
    ['EC_P256K', 'ec', 'secp256k1'],
  ])(
    'makes a key of spec %s',
    async (KeySpec, type, size) => {
      const reference = await createKey(running, { KeySpec, KeyUsage: 'SIGN/VERIFY' });
      const { PublicKey } = await ok('GetPublicKey', reference as unknown as Params);
      const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(String(PublicKey));
      expect(asymmetricKeyType).toBe(type);
      expect([asymmetricKeyDetails?.modulusLength, asymmetricKeyDetails?.namedCurve]).toContain(size);
    },
    60_000,
  );

  it.each([undefined, 'EC_SM2', 'Aliyun_AES_256', 'Aliyun_SM4'])(
    'says that keys of spec %s are not imitated',
    async (KeySpec) => {
      const answer = await call('CreateKey', KeySpec === undefined ? {} : { KeySpec });
      expectRefusal(answer, 400, 'Rejected.UnsupportedOperation');
      expect(answer.json['Message']).toMatch(
        /does not imitate keys of spec (EC_SM2|Aliyun_\w+); it has RSA_2048/,
      );
    },
  );

  const tag = (TagKey: unknown, TagValue: unknown = 'v') => ({ TagKey, TagValue });

  it.each<[string, Params, number, string]>([
    ['unknown spec', { KeySpec: 'RSA_1024' }, 400, 'InvalidParameter'],
    ['unknown usage', { KeyUsage: 'ENCRYPT' }, 400, 'InvalidParameter'],
    [
      'an EC key to encrypt',
      { KeySpec: 'EC_P256', KeyUsage: 'ENCRYPT/DECRYPT' },
      400,
      'Rejected.UnsupportedOperation',
    ],
    ['unknown level', { ProtectionLevel: 'TPM' }, 400, 'InvalidParameter'],
    ['unknown origin', { Origin: 'external' }, 400, 'InvalidParameter'],
    ['external material', { Origin: 'EXTERNAL' }, 400, 'Unsupported.Origin'],
    ['rotation', { EnableAutomaticRotation: 'true' }, 400, 'Rejected.UnsupportedOperation'],
    ['long description', { Description: 'd'.repeat(8193) }, 400, 'InvalidParameter'],
    ['odd instance', { DKMSInstanceId: 'hsm-1' }, 403, 'Forbidden.DKMSInstanceNotFound'],
    ['tags that are no JSON', { Tags: '[' }, 400, 'InvalidParameter'],
    ['tags that are no list', { Tags: '{}' }, 400, 'InvalidParameter'],
    ...[
      [tag('aliyun-x')],
      [tag('acs:x')],
      [tag('')],
      [tag('a b')],
      [tag('k', 'ü')],
      [tag('k'.repeat(129))],
      [tag(1)],
      [{ TagKey: 'k' }],
      [null],
      [tag('k'), tag('k')],
      Array.from({ length: 21 }, (_, index) => tag(`k${index}`)),
    ].map((tags): [string, Params, number, string] => [
      `tags ${JSON.stringify(tags).slice(0, 60)}`,
      { Tags: JSON.stringify(tags) },
      400,
      'InvalidParameter',
    ]),
  ])('refuses %s', async (_title, params, status, code) => {
    expectRefusal(await call('CreateKey', { KeySpec: 'RSA_2048', ...params }), status, code);
  });

  it('takes 20 tags, a long description and empty tag values', async () => {
    const Tags = JSON.stringify(Array.from({ length: 20 }, (_, index) => tag(`k${index}`, '')));
    await ok('CreateKey', { KeySpec: 'EC_P256', Tags, Description: 'd'.repeat(8192) });
  });
});

it('one notice says that the HSM is imitated, and none for software keys', async () => {
  await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY', ProtectionLevel: 'HSM' });
  await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY', ProtectionLevel: 'HSM' });
  expect(running.notices).toEqual([expect.stringMatching(/^the HSM is imitated: /)]);
});

describe('GetPublicKey', () => {
  it('answers with an SPKI PEM as openssl writes it', async () => {
    const { KeyId, KeyVersionId } = await sharedKey();
    expect(KeyVersionId).toMatch(UUID);
    const answer = await ok('GetPublicKey', { KeyId, KeyVersionId });
    const pem = String(answer['PublicKey']);
    expect(execFileSync('openssl', ['pkey', '-pubin', '-pubout'], { input: pem }).toString()).toBe(pem);
    expect(answer).toMatchObject({ KeyId, KeyVersionId });
  });
});

describe('KeyId', () => {
  const aliases: string[] = [];
  const alias = async () => {
    if (aliases.length === 0) {
      await ok('CreateAlias', { KeyId: (await sharedKey()).KeyId, AliasName: 'alias/for-key-ids' });
      aliases.push('alias/for-key-ids');
    }
    return 'alias/for-key-ids';
  };
  const forms: Record<string, () => Promise<string>> = {
    id: async () => (await sharedKey()).KeyId,
    alias,
    'key ARN': async () => (await sharedKey()).Arn,
    'alias ARN': async () => `acs:kms:cn-hangzhou:1000000000000000:${await alias()}`,
  };
  const byVersion = { Algorithm: 'RSAES_OAEP_SHA_256', Plaintext: 'AAAA' };

  it.each(
    Object.keys(forms).flatMap((form) => [
      ['DescribeKey', form],
      ['ListKeyVersions', form],
      ['GetPublicKey', form],
      ['AsymmetricEncrypt', form],
    ]),
  )('of %s may be an %s; the answer has the id', async (action, form) => {
    const { KeyId, KeyVersionId } = await sharedKey();
    const answer = await ok(action, { KeyId: (await forms[form]?.()) ?? '', KeyVersionId, ...byVersion });
    expect(JSON.stringify(answer)).toContain(`"KeyId":"${KeyId}"`);
  });

  it.each([
    ['key-hzzunknown', 'Forbidden.KeyNotFound'],
    ['no id at all', 'Forbidden.KeyNotFound'],
    ['alias/unknown', 'Forbidden.AliasNotFound'],
    ['acs:kms:cn-hangzhou:1000000000000000:key/key-hzzunknown', 'Forbidden.KeyNotFound'],
    ['acs:kms:cn-hangzhou:1000000000000000:alias/unknown', 'Forbidden.AliasNotFound'],
    ['acs:kms:cn-beijing:1000000000000000:alias/for-key-ids', 'Forbidden.KeyNotFound'],
    ['acs:kms:cn-hangzhou:2000000000000000:alias/for-key-ids', 'Forbidden.KeyNotFound'],
    ['acs:ram::1000000000000000:user/x', 'Forbidden.KeyNotFound'],
  ])('"%s" is answered by %s', async (KeyId, code) => {
    await alias();
    expectRefusal(await call('DescribeKey', { KeyId }), 404, code);
  });

  it.each([
    ['alias', 'Unsupported.Alias'],
    ['alias ARN', 'Unsupported.Alias'],
    ['key ARN', 'InvalidParameter'],
  ])('of CreateAlias must not be an %s', async (form, code) => {
    const KeyId = (await forms[form]?.()) ?? '';
    expectRefusal(await call('CreateAlias', { KeyId, AliasName: 'alias/new' }), 400, code);
  });

  it.each([
    ['DescribeKey', ['KeyId']],
    ['ListKeyVersions', ['KeyId']],
    ['GetPublicKey', ['KeyId', 'KeyVersionId']],
    ['AsymmetricEncrypt', ['KeyId', 'KeyVersionId', 'Algorithm', 'Plaintext']],
    ['AsymmetricDecrypt', ['KeyId', 'KeyVersionId', 'Algorithm', 'CiphertextBlob']],
    ['CreateAlias', ['KeyId', 'AliasName']],
  ])('and the other required parameters of %s are missed by name', async (action, names) => {
    const { KeyId, KeyVersionId } = await sharedKey();
    const all: Params = { ...byVersion, KeyId, KeyVersionId, CiphertextBlob: 'AAAA', AliasName: 'alias/x' };
    for (const name of names) {
      const answer = await call(action, { ...all, [name]: '' });
      expectRefusal(answer, 400, 'MissingParameter');
      expect(answer.json['Message']).toBe(`The parameter "${name}" is needed but not provided.`);
    }
  });
});

describe('aliases', () => {
  it.each([
    'alias/',
    'alias',
    'other/name',
    'alias/acs',
    'alias/acs/ecs',
    'alias/a b',
    'alias/ü',
    `alias/${'a'.repeat(256)}`,
  ])('are not named %s', async (AliasName) => {
    const { KeyId } = await sharedKey();
    const answer = await call('CreateAlias', { KeyId, AliasName });
    expectRefusal(answer, 400, 'InvalidParameter');
    expect(answer.json['Message']).toBe('The specified parameter AliasName is not valid.');
  });

  it('are unique, and listed with their keys', async () => {
    const { KeyId } = await sharedKey();
    const AliasName = `alias/Team_1/${'a'.repeat(248)}`;
    expect(Object.keys(await ok('CreateAlias', { KeyId, AliasName }))).toEqual(['RequestId']);
    expectRefusal(await call('CreateAlias', { KeyId, AliasName }), 400, 'AliasAlreadyExists');
    expectRefusal(await call('CreateAlias', { KeyId: 'key-1', AliasName }), 404, 'Forbidden.KeyNotFound');
    const listed = await ok('ListAliases', { PageSize: '100' });
    const AliasArn = `acs:kms:cn-hangzhou:1000000000000000:${AliasName}`;
    expect((listed['Aliases'] as { Alias: object[] }).Alias).toContainEqual({ AliasName, AliasArn, KeyId });
  });
});

describe('paging', () => {
  it('gives every key once, in order of creation', async () => {
    for (let count = 0; count < 3; count++) await createKey(running, { KeySpec: 'EC_P256', KeyUsage: '' });
    const everything = await ok('ListKeys', { PageSize: '100' });
    const all = (everything['Keys'] as { Key: { KeyId: string; KeyArn: string }[] }).Key;
    expect(all.length).toBe(everything['TotalCount']);
    expect(all[0]?.KeyArn).toBe(`acs:kms:cn-hangzhou:1000000000000000:key/${all[0]?.KeyId ?? ''}`);
    const paged: object[] = [];
    for (let page = 1; paged.length < all.length; page++) {
      const answer = await ok('ListKeys', { PageNumber: String(page), PageSize: '2' });
      expect(answer).toMatchObject({ PageNumber: page, PageSize: 2, TotalCount: all.length });
      paged.push(...(answer['Keys'] as { Key: object[] }).Key);
    }
    expect(paged).toEqual(all);
    const beyond = await ok('ListKeys', { PageNumber: '99999' });
    expect(beyond['Keys']).toEqual({ Key: [] });
  });

  it.each([
    ['PageNumber', '0'],
    ['PageNumber', '-1'],
    ['PageNumber', '1.5'],
    ['PageNumber', 'one'],
    ['PageNumber', '99999999999'],
    ['PageSize', '0'],
    ['PageSize', '101'],
    ['PageSize', '0x10'],
  ])('refuses %s %s', async (name, value) => {
    const { KeyId } = await sharedKey();
    for (const action of ['ListKeys', 'ListKeyVersions', 'ListAliases']) {
      const answer = await call(action, { KeyId, [name]: value });
      expectRefusal(answer, 400, 'InvalidParameter');
      expect(answer.json['Message']).toBe(`The specified parameter ${name} is not valid.`);
    }
  });
});

describe('AsymmetricEncrypt and AsymmetricDecrypt', () => {
  const HASHES = { RSAES_OAEP_SHA_256: 'sha256', RSAES_OAEP_SHA_1: 'sha1' };

  const encryptLocally = async (key: CreatedKey, plaintext: Buffer, oaepHash = 'sha256') => {
    const { KeyId, KeyVersionId } = key;
    const { PublicKey } = await ok('GetPublicKey', { KeyId, KeyVersionId });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return publicEncrypt({ key: String(PublicKey), padding, oaepHash }, plaintext).toString('base64');
  };
  const decryptParams = async (change: Params = {}): Promise<Params> => {
    const { KeyId, KeyVersionId } = await sharedKey();
    return { KeyId, KeyVersionId, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob: 'AAAA', ...change };
  };

  it.each([
    ['RSAES_OAEP_SHA_256', 190],
    ['RSAES_OAEP_SHA_1', 214],
  ] as const)('%s carries 1 to %i bytes, and not one more', async (Algorithm, max) => {
    const { KeyId, KeyVersionId } = await sharedKey();
    const reference = { KeyId, KeyVersionId, Algorithm };
    for (const length of [1, max]) {
      const Plaintext = randomBytes(length).toString('base64');
      const { CiphertextBlob } = await ok('AsymmetricEncrypt', { ...reference, Plaintext });
      expect(Buffer.from(String(CiphertextBlob), 'base64')).toHaveLength(256);
      const answer = await ok('AsymmetricDecrypt', { ...reference, CiphertextBlob: String(CiphertextBlob) });
      expect(answer).toMatchObject({ KeyId, KeyVersionId, Plaintext });
    }
    const Plaintext = randomBytes(max + 1).toString('base64');
    expectRefusal(await call('AsymmetricEncrypt', { ...reference, Plaintext }), 400, 'InvalidParameter');
  });

  it.each([0, 1, 190])('a plaintext of %i bytes encrypted elsewhere comes back', async (length) => {
    const plaintext = randomBytes(length);
    const CiphertextBlob = await encryptLocally(await sharedKey(), plaintext);
    const answer = await ok('AsymmetricDecrypt', await decryptParams({ CiphertextBlob }));
    expect(answer['Plaintext']).toBe(plaintext.toString('base64'));
  });

  it('answers every undecryptable ciphertext alike', async () => {
    const key = await sharedKey();
    const good = Buffer.from(await encryptLocally(key, Buffer.from('secret')), 'base64');
    const flipped = Buffer.from(good);
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const other = await createKey(running);
    const blobs = [
      flipped,
      good.subarray(1),
      Buffer.concat([good, Buffer.alloc(1)]),
      Buffer.alloc(1),
      Buffer.alloc(256),
      Buffer.alloc(256, 0xff),
      randomBytes(4096),
      Buffer.from(await encryptLocally(other, Buffer.from('secret')), 'base64'),
      Buffer.from(await encryptLocally(key, Buffer.from('secret'), HASHES.RSAES_OAEP_SHA_1), 'base64'),
    ];
    const answers = [];
    for (const blob of blobs) {
      const answer = await call(
        'AsymmetricDecrypt',
        await decryptParams({ CiphertextBlob: blob.toString('base64') }),
      );
      expectRefusal(answer, 400, 'InvalidParameter');
      answers.push(answer.json['Message']);
    }
    expect(new Set(answers)).toEqual(new Set(['The specified parameter CiphertextBlob is not valid.']));
  });

  it.each(['A', 'AA', 'AAAA\n', 'AA==AA==', 'AB==', '_-__', '*'])(
    'refuses base64 "%s" by name',
    async (text) => {
      const params = await decryptParams({ CiphertextBlob: text, Plaintext: text });
      for (const [action, name] of [
        ['AsymmetricDecrypt', 'CiphertextBlob'],
        ['AsymmetricEncrypt', 'Plaintext'],
      ] as const) {
        const answer = await call(action, params);
        expectRefusal(answer, 400, 'InvalidParameter');
        expect(answer.json['Message']).toBe(`The specified parameter ${name} is not valid.`);
      }
    },
  );

  it('refuses algorithms: unknown ones as a parameter, foreign ones as an operation', async () => {
    const unknown = await call('AsymmetricDecrypt', await decryptParams({ Algorithm: 'RSA_PKCS1' }));
    expectRefusal(unknown, 400, 'InvalidParameter');
    const foreign = await call('AsymmetricDecrypt', await decryptParams({ Algorithm: 'SM2PKE' }));
    expectRefusal(foreign, 400, 'Rejected.UnsupportedOperation');
  });

  it.each(['RSA_2048', 'EC_P256'])('does not decrypt with an %s key that is for signing', async (KeySpec) => {
    const { KeyId, KeyVersionId } = await createKey(running, { KeySpec, KeyUsage: 'SIGN/VERIFY' });
    const answer = await call('AsymmetricDecrypt', await decryptParams({ KeyId, KeyVersionId }));
    expectRefusal(answer, 400, 'Rejected.UnsupportedOperation');
  });

  it('does not find a version of another key', async () => {
    const { KeyVersionId } = await createKey(running, { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' });
    const params = await decryptParams({ KeyVersionId, Plaintext: 'AAAA' });
    for (const action of ['GetPublicKey', 'AsymmetricEncrypt', 'AsymmetricDecrypt']) {
      expectRefusal(await call(action, params), 404, 'Forbidden.KeyVersionNotFound');
    }
  });
});
