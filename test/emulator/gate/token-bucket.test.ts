import { describe, expect, it } from 'vitest';
import { startEmulator } from '../../../src/emulator/start.js';
import { TokenBucket } from '../../../src/emulator/gate/token-bucket.js';
import { KEY_INPUT, patientClient } from './patient-client.js';
import { expectRefusal, runEmulator } from '../running.js';
import { send, signV3 } from '../signer.js';

describe('a bucket', () => {
  it.each([
    [2, [0, 0, 0, 0], [0, 0, 500, 500]],
    [2, [0, 0, 0, 499, 500], [0, 0, 500, 1, 0]],
    [2, [0, 0, 10_000, 10_000, 10_000], [0, 0, 0, 0, 500]],
    [0.5, [0, 0, 1000, 2000], [0, 2000, 1000, 0]],
    [3, [0, 0, 0, 100], [0, 0, 0, 234]],
  ])('of %d per second at %j ms says %j', (perSecond, times, waits) => {
    let nowMs = 5_000;
    const bucket = new TokenBucket(perSecond, () => nowMs);
    const taken = times.map((ms) => {
      nowMs = 5_000 + ms;
      return bucket.take();
    });
    expect(taken).toEqual(waits);
  });
});

describe('an emulator with a limit', () => {
  const running = runEmulator({ qps: 0.5 });

  it('says when to come back, once it knows who asks', async () => {
    const foreign = signV3({ accessKeyId: 'other', accessKeySecret: 'x' }, 'ListKeys');
    const { endpoint } = running.emulator;
    expectRefusal(await send(endpoint, foreign), 404, 'InvalidAccessKeyId.NotFound');
    await running.ok('ListKeys');
    const answer = await running.call('ListKeys');
    expectRefusal(answer, 429, 'Rejected.Throttling');
    const waitMs = Number(answer.headers['x-acs-retry-after']);
    expect(waitMs).toBeGreaterThan(1000);
    expect(waitMs).toBeLessThanOrEqual(2000);
    const health = await send(endpoint, { method: 'GET', path: '/healthz', headers: {}, body: '' });
    expect(health.status).toBe(200);
    expectRefusal(await send(endpoint, foreign), 404, 'InvalidAccessKeyId.NotFound');
  });
});

it('our own client waits as long as it is told, and gets through', async () => {
  const emulator = await startEmulator({ hsm: 'software', qps: 4 });
  const waits: number[] = [];
  const kms = await patientClient(emulator, { onRetry: ({ waitMs }) => waits.push(waitMs) });
  const { keyId } = await kms.createKey(KEY_INPUT);
  for (let call = 0; call < 5; call += 1) await kms.describeKey(keyId);
  kms.close();
  await emulator.close();
  expect(waits.length).toBeGreaterThan(0);
});

it.each([0, -1, Number.NaN, Infinity])('a limit of %d is refused', async (qps) => {
  await expect(startEmulator({ hsm: 'software', qps })).rejects.toMatchObject({
    code: 'usage',
    message: 'the limit of calls per second must be more than 0',
  });
});
