/** State directories whose keys live in real tokens. */
import { createPrivateKey } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { makeNssDatabase } from '../hsm/nss-database.js';
import { filesBelow, freshPath, start } from './directory.js';

const database = await makeNssDatabase('nss-pin');
afterAll(() => {
  rmSync(database.directory, { recursive: true, force: true });
});

const readState = (stateDir: string) =>
  JSON.parse(readFileSync(path.join(stateDir, 'state.json'), 'utf8')) as { owner: string };

const createIn = async (emulator: Awaited<ReturnType<typeof start>>, ProtectionLevel = 'HSM') => {
  const { KeyMetadata } = await emulator.call('CreateKey', {
    KeySpec: 'RSA_2048',
    KeyUsage: 'SIGN/VERIFY',
    ProtectionLevel,
  });
  return (KeyMetadata as { KeyId: string }).KeyId;
};

const signs = async (emulator: Awaited<ReturnType<typeof start>>, KeyId: string): Promise<boolean> => {
  const { KeyVersions } = await emulator.call('ListKeyVersions', { KeyId });
  const { KeyVersionId = '' } =
    (KeyVersions as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion[0] ?? {};
  const Digest = Buffer.alloc(32).toString('base64');
  const query = { KeyId, KeyVersionId, Algorithm: 'RSA_PSS_SHA_256', Digest };
  return 'Value' in (await emulator.call('AsymmetricSign', query));
};

describe('a state directory with SoftHSM', () => {
  it('keeps keys of both protection levels, and none of them in clear', async () => {
    const stateDir = freshPath();
    const fixture = createPrivateKey(readFileSync(path.join(inject('fixtures'), 'rsa2048.key')));
    const PrivateKey = fixture.export({ type: 'pkcs8', format: 'pem' }).toString();
    const imported = (level: string) => ({
      KeyId: `key-${level}`,
      KeySpec: 'RSA_2048',
      ProtectionLevel: level,
      Versions: [{ KeyVersionId: 'v1', PrivateKey }],
    });
    const seed = { keys: ['HSM', 'SOFTWARE'].map(imported) };
    const first = await start({ stateDir, hsm: 'softhsm', seed });
    const keys = [await createIn(first, 'HSM'), await createIn(first, 'SOFTWARE'), 'key-HSM', 'key-SOFTWARE'];
    await first.close();
    const parts = fixture.export({ format: 'jwk' });
    const secrets = [parts.d, parts.p, parts.q].map((part) => Buffer.from(part ?? '', 'base64url'));
    const files = filesBelow(stateDir);
    expect(files.size).toBeGreaterThan(8);
    for (const [name, { content, mode }] of files) {
      expect([name, mode]).toEqual([name, '600']);
      expect(content.includes('BEGIN PRIVATE KEY'), name).toBe(false);
      for (const secret of secrets) expect(content.includes(secret.subarray(0, 32)), name).toBe(false);
    }
    const again = await start({ stateDir, hsm: 'auto' });
    expect(again.backend).toBe('softhsm');
    for (const KeyId of keys) expect(await signs(again, KeyId), KeyId).toBe(true);
    expect(again.notices).toEqual([]);
  });

  it('is refused to software', async () => {
    const stateDir = freshPath();
    await (await start({ stateDir, hsm: 'softhsm' })).close();
    await expect(start({ stateDir, hsm: 'software' })).rejects.toMatchObject({
      code: 'usage',
      hints: ['open it with --hsm softhsm'],
    });
  });

  it('lets go of the token when the keys beside it cannot be read', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir, hsm: 'softhsm' });
    await createIn(first, 'SOFTWARE');
    await first.close();
    const secret = path.join(stateDir, 'software-keys', 'secret');
    const passphrase = readFileSync(secret);
    writeFileSync(secret, 'another');
    await expect(start({ stateDir })).rejects.toThrow('was made with another HSM');
    await expect(start({ stateDir, hsm: 'softhsm' })).rejects.toThrow('the secret beside it is another one');
    await (await start({ stateDir: freshPath(), hsm: 'softhsm' })).close();
    writeFileSync(secret, passphrase);
    await (await start({ stateDir, hsm: 'softhsm' })).close();
  });

  it('destroys keys that a crash left without a record', async () => {
    const stateDir = freshPath();
    const first = await start({ stateDir, hsm: 'softhsm' });
    const KeyId = await createIn(first);
    await first.close();
    const { owner } = readState(stateDir);
    const hsm = await openHsm('softhsm', { stateDir, owner });
    const [kept] = await hsm.keys();
    await hsm.generateKey('EC_P256');
    await hsm.generateKey('RSA_2048');
    await hsm.close();
    const second = await start({ stateDir, hsm: 'softhsm' });
    expect(second.notices).toEqual(['destroyed 2 keys that a crash had left without a record']);
    expect(await signs(second, KeyId)).toBe(true);
    await second.close();
    const after = await openHsm('softhsm', { stateDir, owner });
    expect(await after.keys()).toEqual([kept]);
    await after.close();
  });

  it('names a key that the token lost, and another token', async () => {
    const [stateDir, other] = [freshPath(), freshPath()];
    const first = await start({ stateDir, hsm: 'softhsm' });
    const KeyId = await createIn(first);
    await first.close();
    const { owner } = readState(stateDir);
    const hsm = await openHsm('softhsm', { stateDir, owner });
    const [ref = ''] = await hsm.keys();
    await hsm.destroyKey(ref);
    await hsm.close();
    await expect(start({ stateDir, hsm: 'softhsm' })).rejects.toThrow(`of key "${KeyId}" is recorded, but`);
    await (await start({ stateDir: other, hsm: 'softhsm' })).close();
    rmSync(path.join(stateDir, 'softhsm'), { recursive: true });
    cpSync(path.join(other, 'softhsm'), path.join(stateDir, 'softhsm'), { recursive: true });
    await expect(start({ stateDir, hsm: 'softhsm' })).rejects.toThrow(
      /belongs to the token "kms-asym \w+", not to/,
    );
  });
});

describe('a state directory with a token of somebody else', () => {
  it('touches only keys that were made for it, and keeps no PIN', async () => {
    const stateDir = freshPath();
    const foreign = await openHsm(database.uri);
    const { ref } = await foreign.generateKey('RSA_2048');
    const otherDirectory = await start({ stateDir: freshPath(), hsm: database.uri });
    const otherKey = await createIn(otherDirectory);
    const first = await start({ stateDir, hsm: database.uri });
    const KeyId = await createIn(first);
    await first.close();
    const hsm = await openHsm(database.uri, { owner: readState(stateDir).owner });
    expect(await hsm.keys()).toHaveLength(1);
    await hsm.generateKey('EC_P256');
    await hsm.close();
    const second = await start({ stateDir, hsm: database.uri });
    expect(second.notices).toEqual(['destroyed 1 keys that a crash had left without a record']);
    expect(await signs(second, KeyId)).toBe(true);
    expect(await signs(otherDirectory, otherKey)).toBe(true);
    expect(await foreign.sign(ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32))).toHaveLength(256);
    await second.close();
    for (const [name, { content }] of filesBelow(stateDir))
      expect(content.includes('nss-pin'), name).toBe(false);
    await expect(start({ stateDir, hsm: 'auto' })).rejects.toMatchObject({
      code: 'usage',
      hints: ['open it with --hsm the pkcs11: URI of its token'],
    });
    await foreign.destroyKey(ref);
    await foreign.close();
  });

  it('leaves no key behind without a state directory, also when its seed fails', async () => {
    const seed = {
      keys: [
        { KeyId: 'key-1', KeySpec: 'RSA_2048', ProtectionLevel: 'HSM' },
        { KeyId: 'key-2', KeySpec: 'EC_P256K', ProtectionLevel: 'HSM' },
      ],
    };
    const hsm = await openHsm(database.uri);
    expect(await hsm.keys()).toEqual([]);
    await expect(start({ hsm: database.uri, seed })).rejects.toThrow('cannot make keys of type "EC_P256K"');
    expect(await hsm.keys()).toEqual([]);
    await hsm.close();
  });
});
