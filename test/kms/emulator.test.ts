import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import type { KmsClient } from '../../src/kms/client.js';
import { clientOf } from './test-server.js';

const ALGORITHM = 'RSAES_OAEP_SHA_256';
const INPUT = {
  keySpec: 'RSA_2048',
  keyUsage: 'ENCRYPT/DECRYPT',
  protectionLevel: 'SOFTWARE',
  origin: 'Aliyun_KMS',
  description: "schlüssel 'n' *stuff* (~1+1)!",
  tags: [{ key: 'env', value: 'dev' }],
};

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(async () => {
  await emulator.close();
});

function connect(secret = emulator.accessKeySecret, id = emulator.accessKeyId): Promise<KmsClient> {
  const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret };
  return clientOf(emulator.endpoint, { env, readTimeoutMs: 10_000 });
}

describe('against the emulator', () => {
  it('the whole life of a key works', async () => {
    const kms = await connect();
    const created = await kms.createKey(INPUT);
    expect(created).toMatchObject({ keySpec: 'RSA_2048', keyState: 'Enabled' });
    expect(created.requestId).not.toBe('');
    const [version, ...more] = await kms.listKeyVersions(created.keyId);
    expect(more).toEqual([]);
    const ref = { keyId: created.keyId, keyVersionId: version?.keyVersionId ?? '' };

    await kms.createAlias(created.keyId, 'alias/mine');
    const { requestId, deletionProtection, ...metadata } = await kms.describeKey('alias/mine');
    expect({ ...metadata, requestId: created.requestId }).toEqual(created);
    expect(deletionProtection).toBe('Disabled');
    expect(requestId).not.toBe(created.requestId);

    const byAlias = { ...ref, keyId: 'alias/mine' };
    const { publicKeyPem, keyId } = await kms.getPublicKey(byAlias);
    expect(keyId).toBe(created.keyId);
    const plaintext = randomBytes(190);
    const key = createPublicKey(publicKeyPem);
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const local = publicEncrypt({ key, padding, oaepHash: 'sha256' }, plaintext);
    expect((await kms.asymmetricDecrypt(byAlias, ALGORITHM, local)).plaintext).toEqual(plaintext);
    const { ciphertext } = await kms.asymmetricEncrypt(ref, ALGORITHM, plaintext);
    expect((await kms.asymmetricDecrypt(ref, ALGORITHM, ciphertext)).plaintext).toEqual(plaintext);
  });

  it('refusals come with their codes', async () => {
    const kms = await connect();
    await expect(kms.describeKey('key-nobody')).rejects.toMatchObject({
      code: 'service-refused',
      service: {
        code: 'Forbidden.KeyNotFound',
        httpStatus: 404,
        requestId: expect.stringMatching(/./) as string,
      },
    });
    const wrongSecret = await connect('wrong');
    await expect(wrongSecret.describeKey('k')).rejects.toMatchObject({
      code: 'credentials',
      service: { code: 'SignatureDoesNotMatch' },
    });
    const stranger = await connect('wrong', 'stranger');
    await expect(stranger.describeKey('k')).rejects.toMatchObject({
      code: 'credentials',
      service: { code: 'InvalidAccessKeyId.NotFound' },
    });
  });

  it('many calls at once all succeed', async () => {
    const kms = await connect();
    const { keyId } = await kms.createKey(INPUT);
    const answers = await Promise.all(Array.from({ length: 40 }, () => kms.describeKey(keyId)));
    expect(new Set(answers.map((answer) => answer.requestId)).size).toBe(40);
  });
});
