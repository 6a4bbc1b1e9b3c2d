import fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { flushTree, writeDurably } from '../../src/emulator/durable-file.js';
import { readOrMakeSecret } from '../../src/emulator/hsm/secret-file.js';
import { temporaryFolder } from '../kms/test-server.js';

const { platform } = process;
afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
  vi.restoreAllMocks();
});

it('what is older than asked for is left alone, and what cannot be flushed is an error', async () => {
  const folder = temporaryFolder();
  await fs.mkdir(join(folder, 'deep'));
  await fs.writeFile(join(folder, 'deep', 'new'), '1');
  await fs.symlink(join(folder, 'nowhere'), join(folder, 'gone'));
  await expect(flushTree(folder, 0)).resolves.toBeUndefined();
  await fs.symlink('circle', join(folder, 'circle'));
  await expect(flushTree(folder, Date.now() + 60_000)).resolves.toBeUndefined();
  await expect(flushTree(folder, 0)).rejects.toMatchObject({ code: 'ELOOP' });
});

it('nothing is opened to be flushed where that is not possible', async () => {
  const folder = temporaryFolder();
  await fs.symlink('circle', join(folder, 'circle'));
  Object.defineProperty(process, 'platform', { value: 'win32' });
  await expect(flushTree(folder, 0)).resolves.toBeUndefined();
});

it('a file that cannot be written leaves nothing behind', async () => {
  const folder = temporaryFolder();
  await fs.mkdir(join(folder, 'taken'));
  await expect(writeDurably(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await fs.readdir(folder)).toEqual(['taken']);
});

it('a secret is made once, and none is made in place of one that cannot be read', async () => {
  const folder = temporaryFolder();
  const secret = await readOrMakeSecret(join(folder, 'secret'));
  expect(secret).not.toBe('');
  expect(await readOrMakeSecret(join(folder, 'secret'))).toBe(secret);
  await expect(readOrMakeSecret(folder)).rejects.toMatchObject({ code: 'EISDIR' });
});
