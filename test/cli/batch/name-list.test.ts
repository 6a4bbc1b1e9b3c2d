import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readNames } from '../../../src/cli/batch/name-list.js';
import { workspace } from '../../io/workspace.js';
import { memoryStdio } from '../memory-stdio.js';

function read(content: string | Uint8Array, endWithNul = false): Promise<string[]> {
  return readNames('-', endWithNul, memoryStdio(Buffer.from(content)).stdin);
}

it.each([
  ['', []],
  ['\n', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\n\n b \n', ['a', ' b ']],
  ['\ufeffa\n', ['\ufeffa']],
  ['\u00e9\u0301/\u{1f600}\n', ['\u00e9\u0301/\u{1f600}']],
  ['-\n--force\n', ['-', '--force']],
  ['a\r', ['a\r']],
])('the lines of %j are the names %j', async (text, names) => {
  expect(await read(text)).toEqual(names);
});

it('names that end in NUL may hold anything else', async () => {
  expect(await read('a\nb\0\0c', true)).toEqual(['a\nb', 'c']);
});

it('a list may be long, and come in chunks of any size', async () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `directory/\u00e9-${index}`);
  expect(await read(names.join('\n'))).toEqual(names);
  const list = workspace()('list');
  writeFileSync(list, names.join('\0'));
  expect(await readNames(list, true, memoryStdio().stdin)).toEqual(names);
});

it.each([
  ['bytes that are no text', Buffer.from([0x61, 0xff, 0x0a]), 'name 1 in it is not UTF-8'],
  ['what ends in NUL, unasked', 'a\0b\0', 'it holds NUL bytes'],
  ['UTF-16', Buffer.from('a\nb\n', 'utf16le'), 'it holds NUL bytes'],
  ['a name that no system takes', `a\n${'x'.repeat(70_000)}`, 'a name in it is longer than 65536 bytes'],
])('%s is no list of names', async (_what, content, why) => {
  const error: unknown = await read(content).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'usage', message: `"stdin" is no list of names: ${why}` });
});

it('a list that is missing is missing', async () => {
  await expect(readNames('/nowhere/list', false, memoryStdio().stdin)).rejects.toMatchObject({
    code: 'file-not-found',
  });
});
