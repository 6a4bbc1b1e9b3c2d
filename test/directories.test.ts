import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeDirectories } from '../src/directories.js';
import { workspace } from './io/workspace.js';

it('makes what is missing, with the mode, and leaves what is there as it is', () => {
  const at = workspace();
  mkdirSync(at('there'), { mode: 0o755 });
  makeDirectories(at('there/a/b/c'), 0o700);
  makeDirectories(at('there/a/b/c'), 0o711);
  makeDirectories(at('there'), 0o700);
  for (const made of ['there/a', 'there/a/b', 'there/a/b/c'])
    expect(statSync(at(made)).mode & 0o777).toBe(0o700);
  expect(statSync(at('there')).mode & 0o777).toBe(0o755);
});

it.each([
  ['file', 'EEXIST'],
  ['file/below', 'ENOTDIR'],
  ['link', 'EEXIST'],
])('throws what the system says of %s', (name, code) => {
  const at = workspace();
  writeFileSync(at('file'), '');
  symlinkSync('nowhere', at('link'));
  expect(() => {
    makeDirectories(at(name), 0o700);
  }).toThrow(expect.objectContaining({ code }) as Error);
  expect(existsSync(at('nowhere'))).toBe(false);
});

it.runIf(process.platform === 'linux').each(['/proc/x', '/proc/self/x/y'])(
  'gives up in %s, where Node tries for ever',
  (name) => {
    expect(() => {
      makeDirectories(name, 0o700);
    }).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
  },
);
