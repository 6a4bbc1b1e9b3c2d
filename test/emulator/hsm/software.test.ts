import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { describeHsm } from './conformance.js';

const stateDir = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
afterAll(() => {
  rmSync(stateDir, { recursive: true, force: true });
});

describeHsm('software', {
  backend: 'software',
  isHardwareBacked: false,
  open: (owner) => openHsm('software', { stateDir, owner }),
});

describe('software keys', () => {
  it('stay in memory without a state directory', async () => {
    const hsm = await openHsm('software');
    const { ref } = await hsm.generateKey('EC_P256');
    await hsm.close();
    const other = await openHsm('software');
    await expect(other.sign(ref, 'ECDSA_SHA_256', Buffer.alloc(32))).rejects.toThrow('holds no key');
    await other.close();
  });

  it('are files that only their owner reads, and nothing else is left', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    const hsm = await openHsm('software', { stateDir: directory });
    const { ref } = await hsm.generateKey('EC_P256');
    const keys = join(directory, 'software-keys');
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    expect(readdirSync(keys).sort()).toEqual([`${ref}.pem`, 'secret'].sort());
    for (const name of readdirSync(keys)) expect(statSync(join(keys, name)).mode & 0o777).toBe(0o600);
    await hsm.close();
    writeFileSync(join(keys, `${'0'.repeat(32)}.pem.new`), 'cut short');
    const again = await openHsm('software', { stateDir: directory });
    expect(await again.sign(ref, 'ECDSA_SHA_256', Buffer.alloc(32))).toBeDefined();
    await again.destroyKey(ref);
    expect(readdirSync(keys)).toEqual(['secret']);
    await again.close();
    rmSync(directory, { recursive: true });
  });

  it('are encrypted on disk, and nothing but the secret beside them opens them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    const hsm = await openHsm('software', { stateDir: directory });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { ref } = await hsm.importKey('RSA_2048', privateKey);
    await hsm.close();
    const keys = join(directory, 'software-keys');
    const pem = readFileSync(join(keys, `${ref}.pem`), 'utf8');
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const asn1 = execFileSync('openssl', ['asn1parse'], { input: pem, encoding: 'utf8' });
    expect(asn1).toMatch(/PBES2[^]*PBKDF2[^]*hmacWithSHA256[^]*aes-256-cbc/);
    const passphrase = readFileSync(join(keys, 'secret'), 'utf8');
    expect(createPrivateKey({ key: pem, passphrase }).equals(privateKey)).toBe(true);
    writeFileSync(join(keys, 'secret'), 'another');
    await expect(openHsm('software', { stateDir: directory })).rejects.toMatchObject({
      code: 'emulator',
      message: `"${join(keys, `${ref}.pem`)}" is damaged, or the secret beside it is another one`,
    });
    rmSync(join(keys, 'secret'));
    await expect(openHsm('software', { stateDir: directory })).rejects.toMatchObject({
      code: 'emulator',
      message: `"${join(keys, 'secret')}" is gone, which opens the keys beside it`,
    });
    expect(existsSync(join(keys, 'secret'))).toBe(false);
    rmSync(directory, { recursive: true });
  });

  it('are refused when a file holds something else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    await (await openHsm('software', { stateDir: directory })).close();
    const path = join(directory, 'software-keys', `${'0'.repeat(32)}.pem`);
    writeFileSync(path, 'no key');
    await expect(openHsm('software', { stateDir: directory })).rejects.toThrow(`"${path}" is damaged`);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(openHsm('software', { stateDir: directory })).rejects.toThrow(`"${path}" holds no key`);
    const rsaKeys = [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
    ];
    for (const pair of rsaKeys) {
      writeFileSync(path, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await expect(openHsm('software', { stateDir: directory })).rejects.toThrow(`"${path}" holds no key`);
    }
    rmSync(directory, { recursive: true });
  });

  it('are refused when they cannot be written', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    const hsm = await openHsm('software', { stateDir: directory });
    rmSync(directory, { recursive: true });
    await expect(hsm.generateKey('EC_P256')).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringMatching(/cannot write the keys .*: it does not exist$/) as string,
    });
    await hsm.close();
  });
});
