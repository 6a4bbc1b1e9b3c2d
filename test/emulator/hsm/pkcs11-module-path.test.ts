import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findModule, requireModule } from '../../../src/emulator/hsm/pkcs11-module-path.js';

const directory = mkdtempSync(path.join(tmpdir(), 'kms-asym-module-'));
writeFileSync(path.join(directory, 'libfirst.so'), '');
writeFileSync(path.join(directory, 'second.so'), '');
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('findModule', () => {
  it.each([
    ['first', 'libfirst.so'],
    ['libfirst.so', 'libfirst.so'],
    ['second.so', 'second.so'],
  ])('finds %s as %s', async (name, file) => {
    expect(await findModule(name, ['/nowhere', directory])).toBe(path.join(directory, file));
  });

  it('finds nothing where nothing is', async () => {
    expect(await findModule('softhsm2', ['/nowhere', directory])).toBeUndefined();
    await expect(requireModule('softhsm2', 'install it', [directory])).rejects.toMatchObject({
      code: 'emulator',
      message: 'found no PKCS#11 module "softhsm2"',
      hints: ['install it'],
    });
  });
});
