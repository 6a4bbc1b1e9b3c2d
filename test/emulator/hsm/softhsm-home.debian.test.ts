/** The private token directory that `--hsm softhsm` makes. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { acquireModule } from '../../../src/emulator/hsm/pkcs11-module.js';
import { findSoftHsm } from '../../../src/emulator/hsm/softhsm.js';

let sandbox: string;
const before = process.env['TMPDIR'];

beforeAll(() => {
  sandbox = mkdtempSync(path.join(tmpdir(), 'kms-asym-home-'));
  process.env['TMPDIR'] = path.join(sandbox, 'tmp');
  mkdirSync(path.join(sandbox, 'tmp'));
});

afterAll(() => {
  if (before === undefined) Reflect.deleteProperty(process.env, 'TMPDIR');
  else process.env['TMPDIR'] = before;
  rmSync(sandbox, { recursive: true, force: true });
});

const temporaries = (): string[] => readdirSync(path.join(sandbox, 'tmp'));
const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe('without a state directory', () => {
  it('lives in a private temporary directory that goes when it is closed', async () => {
    const notices: string[] = [];
    const hsm = await openHsm('auto', { onNotice: (line) => notices.push(line) });
    expect(hsm.backend).toBe('softhsm');
    expect(notices).toEqual([]);
    const [name, ...others] = temporaries();
    expect(others).toEqual([]);
    expect(mode(path.join(sandbox, 'tmp', name ?? ''))).toBe('700');
    expect(process.env['SOFTHSM2_CONF']).toBeUndefined();
    await hsm.generateKey('EC_P256');
    await hsm.close();
    expect(temporaries()).toEqual([]);
  });

  it('has a token of its own in a directory shared by the process', async () => {
    const [first, second] = await Promise.all([openHsm('softhsm'), openHsm('softhsm')]);
    expect(temporaries()).toHaveLength(1);
    const { ref } = await first.generateKey('EC_P256');
    await expect(second.sign(ref, 'ECDSA_SHA_256', Buffer.alloc(32))).rejects.toThrow('holds no key');
    await first.close();
    const { ref: other } = await second.generateKey('EC_P256');
    expect(await second.sign(other, 'ECDSA_SHA_256', Buffer.alloc(32))).toBeDefined();
    await second.close();
    expect(temporaries()).toEqual([]);
  });

  it('opens and closes again and again', async () => {
    for (let round = 0; round < 5; round += 1) {
      const hsm = await openHsm('softhsm');
      const { ref } = await hsm.generateKey('EC_P256');
      expect(await hsm.sign(ref, 'ECDSA_SHA_256', Buffer.alloc(32))).toBeDefined();
      await hsm.close();
    }
    expect(temporaries()).toEqual([]);
  });

  it('leaves the user’s own SoftHSM configuration alone', async () => {
    process.env['SOFTHSM2_CONF'] = '/home/user/softhsm2.conf';
    await (await openHsm('softhsm')).close();
    expect(process.env['SOFTHSM2_CONF']).toBe('/home/user/softhsm2.conf');
    Reflect.deleteProperty(process.env, 'SOFTHSM2_CONF');
  });

  it('says so when there is no room for it', async () => {
    process.env['TMPDIR'] = path.join(sandbox, 'missing');
    await expect(openHsm('softhsm')).rejects.toMatchObject({
      code: 'write-failed',
      message: `cannot prepare "${path.join(sandbox, 'missing')}" for SoftHSM: it does not exist`,
    });
    process.env['TMPDIR'] = path.join(sandbox, 'tmp');
    await (await openHsm('softhsm')).close();
  });
});

describe('with a state directory', () => {
  it('keeps token and PIN where only their owner reads them, and no key outside the token', async () => {
    const stateDir = path.join(sandbox, 'state with spaces');
    const hsm = await openHsm('softhsm', { stateDir });
    const { ref } = await hsm.generateKey('RSA_2048');
    const home = path.join(stateDir, 'softhsm');
    expect(readdirSync(stateDir)).toEqual(['softhsm']);
    expect(readdirSync(home).sort()).toEqual(['pin', 'softhsm2.conf', 'tokens']);
    expect([home, path.join(home, 'tokens')].map(mode)).toEqual(['700', '700']);
    expect(mode(path.join(home, 'pin'))).toBe('600');
    const pin = readFileSync(path.join(home, 'pin'), 'utf8');
    expect(pin).toMatch(/^[0-9a-f]{32}$/);
    expect(hsm.description).not.toContain(pin);
    await hsm.close();
    const again = await openHsm('auto', { stateDir });
    expect(await again.sign(ref, 'RSA_PKCS1_SHA_256', Buffer.alloc(32))).toHaveLength(256);
    await again.close();
  });

  it('finishes a token that was left without its PIN', async () => {
    const stateDir = path.join(sandbox, 'unfinished');
    const home = path.join(stateDir, 'softhsm');
    await (await openHsm('softhsm', { stateDir })).close();
    const pin = readFileSync(path.join(home, 'pin'), 'utf8');
    rmSync(path.join(home, 'tokens'), { recursive: true });
    mkdirSync(path.join(home, 'tokens'));
    const environment = { SOFTHSM2_CONF: path.join(home, 'softhsm2.conf') };
    const { library, release } = await acquireModule(await findSoftHsm(), { environment });
    const [slot] = library.C_GetSlotList(true);
    library.C_InitToken(slot as Buffer, pin, 'kms-asym');
    release();
    const hsm = await openHsm('softhsm', { stateDir });
    expect(await hsm.generateKey('EC_P256')).toBeDefined();
    await hsm.close();
  });

  it('is refused when the PIN is not the token’s', async () => {
    const stateDir = path.join(sandbox, 'other-pin');
    await (await openHsm('softhsm', { stateDir })).close();
    writeFileSync(path.join(stateDir, 'softhsm', 'pin'), 'another');
    await expect(openHsm('auto', { stateDir })).rejects.toMatchObject({
      code: 'emulator',
      message: `the PIN in "${path.join(stateDir, 'softhsm', 'pin')}" is not that of the token beside it`,
      hints: [
        'bring that file back from a backup; without it the keys in the token are lost',
        'or use another state directory',
      ],
    });
  });

  it('is refused while another one of this process is in use', async () => {
    const hsm = await openHsm('softhsm', { stateDir: path.join(sandbox, 'one') });
    await expect(openHsm('softhsm', { stateDir: path.join(sandbox, 'two') })).rejects.toMatchObject({
      code: 'emulator',
      message: expect.stringContaining('already in use with other settings') as string,
      hints: ['close the other HSM first, or run this one in a process of its own'],
    });
    await hsm.close();
    await (await openHsm('softhsm', { stateDir: path.join(sandbox, 'two') })).close();
  });

  it('is refused in a place that SoftHSM cannot name', async () => {
    await expect(openHsm('softhsm', { stateDir: path.join(sandbox, 'a#b') })).rejects.toThrow('with "#"');
    writeFileSync(path.join(sandbox, 'file'), '');
    await expect(openHsm('softhsm', { stateDir: path.join(sandbox, 'file') })).rejects.toThrow(
      /cannot prepare ".*" for SoftHSM: a part of its path is not a directory/,
    );
  });

  it('is refused when its tokens cannot be made', async () => {
    const stateDir = path.join(sandbox, 'no-tokens');
    mkdirSync(path.join(stateDir, 'softhsm'), { recursive: true });
    writeFileSync(path.join(stateDir, 'softhsm', 'tokens'), '');
    await expect(openHsm('softhsm', { stateDir })).rejects.toThrow('for SoftHSM: something else is there');
  });
});
