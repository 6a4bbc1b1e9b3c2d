/** The lines of the guide about rotation, run as they stand there. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { blocksIn, documentAt, sectionOf, shellIn } from './documents.js';

const section = sectionOf(documentAt('.github/GUIDE.md'), 'Rotation');
const blocks = blocksIn(section, 'sh');
const check = /`(kms-asym rewrap --check [^`]*)`/.exec(section)?.[1] ?? '';
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

let dir: string;
let emulator: Emulator;
let shell: ReturnType<typeof shellIn>;
let aheadMs = -WEEK_MS;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-rotation-'));
  aheadMs = -WEEK_MS;
  // A key of last week: younger ones get no version.
  const clock = (): number => Date.now() + aheadMs;
  const state = { stateDir: join(dir, 'state'), hsm: inject('hsm'), clock };
  const seed = {
    keys: [
      {
        KeyId: 'key-of-last-week',
        KeySpec: 'RSA_2048',
        KeyUsage: 'ENCRYPT/DECRYPT',
        Aliases: ['alias/backup'],
      },
    ],
  };
  emulator = await startEmulator({ ...state, seed });
  aheadMs = 0;
  shell = shellIn(dir, emulator);
  mkdirSync(join(dir, 'backups'));
  await shell('kms-asym get-public-key --key-id alias/backup -o backup.pem');
  await shell('echo one > one; echo two > two');
  for (const flags of ['', '-a']) {
    await shell(
      `kms-asym encrypt --public-key backup.pem --format age ${flags} one -o backups/one${flags}.age`,
    );
  }
});
afterEach(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

it('there are two ways', () => {
  expect(blocks).toHaveLength(2);
  expect(check).toContain('backups/');
  expect(section).toContain('revokes nobody who kept the old header');
});

describe.each(blocks)('%s', (lines) => {
  it('moves all files to the new key or version, and the check agrees', async () => {
    const { status, stdout } = await shell(lines);
    expect([status, stdout.match(/^rewrapped: /gm)]).toEqual([0, ['rewrapped: ', 'rewrapped: ']]);
    expect(await shell(check)).toMatchObject({ status: 0, stdout: '' });
    expect((await shell(check.replace('backup-2.pem', 'backup.pem'))).status).toBe(3);
    expect(await shell('kms-asym decrypt backups/one.age; kms-asym decrypt backups/one-a.age')).toMatchObject(
      {
        status: 0,
        stdout: 'one\none\n',
      },
    );
  });
});
