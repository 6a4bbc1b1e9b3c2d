/** What depends on time and numbers: new versions, deletion, quotas; and what the service mode decides. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { KeyStore } from '../../../src/emulator/keys/key-store.js';
import { createKey, expectRefusal, runEmulator } from '../running.js';
import type { Params } from '../signer.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-01-01T00:00:00Z');
let nowMs = START;
const running = runEmulator({ clock: () => nowMs });
const { call, ok } = running;
const EC: Params = { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' };

const describeKey = async (KeyId: string) =>
  (await ok('DescribeKey', { KeyId }))['KeyMetadata'] as Record<string, string>;
const date = (timeMs: number) => new Date(timeMs).toISOString().replace('.000Z', 'Z');

describe('CreateKeyVersion', () => {
  it('makes another version after seven days, and both work', async () => {
    const { KeyId, KeyVersionId } = await createKey(running);
    await ok('CreateAlias', { KeyId, AliasName: 'alias/versions' });
    nowMs += 7 * DAY_MS - 1;
    expectRefusal(await call('CreateKeyVersion', { KeyId }), 400, 'Rejected.UnsupportedOperation');
    nowMs += 1;
    const { KeyVersion } = await ok('CreateKeyVersion', { KeyId: 'alias/versions' });
    const made = KeyVersion as Record<string, string>;
    expect(made).toEqual({
      KeyId,
      KeyVersionId: expect.stringMatching(/./) as string,
      CreationDate: date(nowMs),
    });
    expect(await ok('DescribeKeyVersion', made)).toMatchObject({ KeyVersion });
    expect(await describeKey(KeyId)).toMatchObject({ LastRotationDate: date(nowMs) });
    expectRefusal(await call('CreateKeyVersion', { KeyId }), 400, 'Rejected.UnsupportedOperation');

    const versions = [KeyVersionId, made['KeyVersionId'] ?? ''];
    const { KeyVersions } = await ok('ListKeyVersions', { KeyId });
    const listed = (KeyVersions as { KeyVersion: Params[] }).KeyVersion;
    expect(listed.map((version) => version['KeyVersionId'])).toEqual(versions);
    const Algorithm = 'RSAES_OAEP_SHA_256';
    const Plaintext = randomBytes(32).toString('base64');
    const ciphertexts: string[] = [];
    const publicKeys = new Set<unknown>();
    for (const version of versions) {
      const reference = { KeyId, KeyVersionId: version };
      publicKeys.add((await ok('GetPublicKey', reference))['PublicKey']);
      const { CiphertextBlob } = await ok('AsymmetricEncrypt', { ...reference, Algorithm, Plaintext });
      ciphertexts.push(String(CiphertextBlob));
    }
    expect(publicKeys.size).toBe(2);
    for (const [index, CiphertextBlob] of ciphertexts.entries()) {
      for (const [other, version] of versions.entries()) {
        const params = { KeyId, KeyVersionId: version, Algorithm, CiphertextBlob };
        const answer = await call('AsymmetricDecrypt', params);
        if (index === other) expect(answer.json).toMatchObject({ Plaintext, KeyVersionId: version });
        else expectRefusal(answer, 400, 'InvalidParameter');
      }
    }
  });

  it('makes one of two that are asked for at once', async () => {
    const { KeyId } = await createKey(running, EC);
    nowMs += 7 * DAY_MS;
    const answers = await Promise.all([1, 2, 3].map(() => call('CreateKeyVersion', { KeyId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    expect(await ok('ListKeyVersions', { KeyId })).toMatchObject({ TotalCount: 1 + 1 });
  });

  it('makes fifty versions at most', async () => {
    const { KeyId } = await createKey(running, EC);
    for (let count = 1; count < 50; count += 1) {
      nowMs += 7 * DAY_MS;
      await ok('CreateKeyVersion', { KeyId });
    }
    nowMs += 7 * DAY_MS;
    expectRefusal(await call('CreateKeyVersion', { KeyId }), 400, 'Rejected.LimitExceeded');
    expect(await ok('ListKeyVersions', { KeyId, PageSize: '100' })).toMatchObject({ TotalCount: 50 });
  });
});

describe('ScheduleKeyDeletion', () => {
  it.each(['6', '367', '-7', '7.5', 'seven'])('takes no window of %s days', async (PendingWindowInDays) => {
    const { KeyId } = await createKey(running, EC);
    expectRefusal(await call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }), 400, 'InvalidParameter');
  });

  it('has no default window', async () => {
    const { KeyId } = await createKey(running, EC);
    expectRefusal(await call('ScheduleKeyDeletion', { KeyId }), 400, 'MissingParameter');
  });

  it.each(['7', '366'])('says when the key will be gone in %s days', async (PendingWindowInDays) => {
    const { KeyId } = await createKey(running, EC);
    expect(await describeKey(KeyId)).not.toHaveProperty('DeleteDate');
    await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays });
    const DeleteDate = date(nowMs + Number(PendingWindowInDays) * DAY_MS);
    expect(await describeKey(KeyId)).toMatchObject({ KeyState: 'PendingDeletion', DeleteDate });
  });

  it('lets the key and its aliases go when the time has come', async () => {
    const { KeyId, KeyVersionId } = await createKey(running, EC);
    const kept = await createKey(running, EC);
    const AliasName = 'alias/doomed';
    await ok('CreateAlias', { KeyId, AliasName });
    await ok('CreateAlias', { KeyId: kept.KeyId, AliasName: 'alias/kept' });
    await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
    nowMs += 7 * DAY_MS - 1;
    expect(await describeKey(AliasName)).toMatchObject({ KeyState: 'PendingDeletion' });
    nowMs += 1;
    expectRefusal(await call('DescribeKey', { KeyId }), 404, 'Forbidden.KeyNotFound');
    expectRefusal(await call('DescribeKey', { KeyId: AliasName }), 404, 'Forbidden.AliasNotFound');
    expectRefusal(await call('CancelKeyDeletion', { KeyId }), 404, 'Forbidden.KeyNotFound');
    expectRefusal(await call('GetPublicKey', { KeyId, KeyVersionId }), 404, 'Forbidden.KeyNotFound');
    expect(await describeKey('alias/kept')).toMatchObject({ KeyId: kept.KeyId });
    await ok('CreateAlias', { KeyId: kept.KeyId, AliasName });
  });

  it('is forgotten by CancelKeyDeletion, which enables a key that was disabled', async () => {
    const { KeyId } = await createKey(running, EC);
    await ok('DisableKey', { KeyId });
    await ok('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
    await ok('CancelKeyDeletion', { KeyId });
    nowMs += 30 * DAY_MS;
    const metadata = await describeKey(KeyId);
    expect(metadata).toMatchObject({ KeyState: 'Enabled' });
    expect(metadata).not.toHaveProperty('DeleteDate');
  });
});

it('a key that is gone takes all its private halves out of the device', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'kms-asym-gone-'));
  const device = await openHsm('software', { stateDir });
  onTestFinished(async () => {
    await device.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  let clockMs = START;
  const keys = new KeyStore(
    { HSM: device, SOFTWARE: device },
    () => clockMs,
    () => undefined,
  );
  const { keyId } = await keys.create({
    spec: 'EC_P256',
    usage: 'SIGN/VERIFY',
    protectionLevel: 'SOFTWARE',
    description: '',
    instanceId: undefined,
    tags: new Map(),
  });
  clockMs += 7 * DAY_MS;
  await keys.addVersion(keyId);
  const files = () => readdirSync(join(stateDir, 'software-keys')).filter((name) => name.endsWith('.pem'));
  keys.scheduleDeletion(keyId, 7);
  expect(keys.removeExpired()).toEqual([]);
  await keys.destroyRemoved();
  expect(files()).toHaveLength(2);
  clockMs += 7 * DAY_MS;
  expect(keys.removeExpired()).toEqual([keyId]);
  expect(keys.find(keyId)).toBeUndefined();
  expect(files()).toHaveLength(2);
  await keys.destroyRemoved();
  expect(files()).toEqual([]);
});

/** So many keys, the first of which has so many aliases. */
function seedOf(keys: number, aliases: number): object {
  const Aliases = Array.from({ length: aliases }, (_, index) => `alias/${index}`);
  return {
    keys: Array.from({ length: keys }, (_, index) => ({
      KeyId: `key-${index}`,
      KeySpec: 'EC_P256',
      ...(index === 0 && { Aliases }),
    })),
  };
}

describe('the quotas of accounts without instances', () => {
  const small = runEmulator({ serviceMode: 'legacy' });

  it('are 200 keys, also when they are asked for at once, and 300 aliases', async () => {
    const { KeyId } = await createKey(small, EC);
    for (let count = 1; count < 198; count += 1) await small.ok('CreateKey', EC);
    const answers = await Promise.all([1, 2, 3, 4].map(() => small.call('CreateKey', EC)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 400, 400]);
    expectRefusal(await small.call('CreateKey', EC), 400, 'Rejected.LimitExceeded');
    const alias = (count: number) => ({ KeyId, AliasName: `alias/${count.toString()}` });
    for (let count = 0; count < 300; count += 1) await small.ok('CreateAlias', alias(count));
    expectRefusal(await small.call('CreateAlias', alias(300)), 400, 'Rejected.LimitExceeded');
    expectRefusal(await small.call('CreateAlias', alias(299)), 400, 'AliasAlreadyExists');
    await small.ok('DeleteAlias', alias(0));
    await small.ok('CreateAlias', alias(300));
  });

  const seeded = runEmulator({ serviceMode: 'legacy', seed: seedOf(201, 301) });

  it('do not limit a seed, but what is created afterwards', async () => {
    expect(await seeded.ok('ListKeys')).toMatchObject({ TotalCount: 201 });
    expect(await seeded.ok('ListAliases')).toMatchObject({ TotalCount: 301 });
    expectRefusal(await seeded.call('CreateKey', EC), 400, 'Rejected.LimitExceeded');
    const alias = { KeyId: 'key-1', AliasName: 'alias/one-more' };
    expectRefusal(await seeded.call('CreateAlias', alias), 400, 'Rejected.LimitExceeded');
  });
});

describe('service mode instance', () => {
  let instanceNowMs = START;
  const instance = runEmulator({ serviceMode: 'instance', clock: () => instanceNowMs });

  it('refuses asymmetric keys outside of a KMS instance, in the words of the service', async () => {
    const answer = await instance.call('CreateKey', EC);
    expectRefusal(answer, 400, 'UnsupportedOperation');
    expect(answer.json['Message']).toBe('This action is not supported.');
  });

  it('refuses further versions of asymmetric keys', async () => {
    const { KeyId } = await createKey(instance, { ...EC, DKMSInstanceId: 'kst-hzz1' });
    instanceNowMs += 7 * DAY_MS;
    expectRefusal(await instance.call('CreateKeyVersion', { KeyId }), 400, 'Rejected.UnsupportedOperation');
  });

  const full = runEmulator({ serviceMode: 'instance', seed: seedOf(200, 300) });

  it('has no quotas', async () => {
    await full.ok('CreateKey', { ...EC, DKMSInstanceId: 'kst-hzz1' });
    await full.ok('CreateAlias', { KeyId: 'key-1', AliasName: 'alias/one-more' });
  });
});
