import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { startEmulator } from '../../src/emulator/start.js';
import { clientOf } from './test-server.js';

const ALGORITHM = 'RSAES_OAEP_SHA_256';
const CALLS = 1000;
const AT_ONCE = 50;

/** Runs `work` for 0 … count-1, `AT_ONCE` at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

it('1,000 decrypts through a troubled service all succeed, with no wrong byte', async () => {
  const emulator = await startEmulator({
    hsm: 'software',
    faults: { throttle: 0.3, error503: 0.1, drop: 0.05, slowMs: 100, seed: 8 },
  });
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
  };
  let retries = 0;
  const onRetry = (): void => {
    retries++;
  };
  const client = await clientOf(emulator.endpoint, { env, retryCount: 14, readTimeoutMs: 20_000, onRetry });
  const { keyId } = await client.createKey({
    keySpec: 'RSA_2048',
    keyUsage: 'ENCRYPT/DECRYPT',
    protectionLevel: 'SOFTWARE',
    origin: 'Aliyun_KMS',
  });
  const [version] = await client.listKeyVersions(keyId);
  const ref = { keyId, keyVersionId: version?.keyVersionId ?? '' };
  const key = createPublicKey((await client.getPublicKey(ref)).publicKeyPem);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  let right = 0;
  await inParallel(CALLS, async (index) => {
    const plaintext = Buffer.concat([Buffer.from(String(index)), randomBytes(index % 180)]);
    const ciphertext = publicEncrypt({ key, padding, oaepHash: 'sha256' }, plaintext);
    const answer = await client.asymmetricDecrypt(ref, ALGORITHM, ciphertext);
    if (plaintext.equals(answer.plaintext)) right++;
  });
  await emulator.close();
  expect(right).toBe(CALLS);
  // 45 % of calls fail, so that two thirds as many repetitions as calls were made, or more.
  expect(retries).toBeGreaterThan(CALLS / 2);
}, 120_000);
