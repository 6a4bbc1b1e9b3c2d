import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
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
  open: () => openHsm('software', { stateDir }),
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
    expect(readdirSync(keys)).toEqual([`${ref}.pem`]);
    expect(statSync(join(keys, `${ref}.pem`)).mode & 0o777).toBe(0o600);
    await hsm.close();
    writeFileSync(join(keys, `${'0'.repeat(32)}.pem.new`), 'cut short');
    const again = await openHsm('software', { stateDir: directory });
    expect(await again.sign(ref, 'ECDSA_SHA_256', Buffer.alloc(32))).toBeDefined();
    await again.destroyKey(ref);
    expect(readdirSync(keys)).toEqual([`${'0'.repeat(32)}.pem.new`]);
    await again.close();
    rmSync(directory, { recursive: true });
  });

  it('are refused when a file holds something else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    await (await openHsm('software', { stateDir: directory })).close();
    const path = join(directory, 'software-keys', `${'0'.repeat(32)}.pem`);
    writeFileSync(path, 'no key');
    await expect(openHsm('software', { stateDir: directory })).rejects.toMatchObject({
      code: 'emulator',
      message: expect.stringContaining('could not read the keys of the software HSM') as string,
    });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(openHsm('software', { stateDir: directory })).rejects.toThrow(`"${path}" holds no key`);
    rmSync(directory, { recursive: true });
  });

  it('are refused when they cannot be written', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-asym-software-'));
    const hsm = await openHsm('software', { stateDir: directory });
    rmSync(directory, { recursive: true });
    await expect(hsm.generateKey('EC_P256')).rejects.toMatchObject({
      code: 'emulator',
      message: expect.stringMatching(/could not write the keys .* \(ENOENT\)$/) as string,
    });
    await hsm.close();
  });
});
