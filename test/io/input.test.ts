import { linkSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isStdin, openInput, readSmallFile, readUpTo } from '../../src/io/input.js';
import type { ByteSource } from '../../src/io/stdio.js';
import { workspace } from './workspace.js';

const source = (isTerminal: boolean, ...chunks: string[]): ByteSource => ({
  isTerminal,
  identity: { dev: 1n, ino: 2n },
  chunks: async function* () {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  },
});

describe('an input', () => {
  it.each([0, 1, 64 * 1024, 64 * 1024 + 1, 300_000])('reads a file of %i bytes whole', async (length) => {
    const at = workspace();
    const content = Buffer.alloc(length, 'abc');
    writeFileSync(at('file'), content);
    const input = openInput(at('file'), source(false));
    expect(input).toMatchObject({ name: at('file'), path: at('file'), size: length });
    const { bytes, truncated } = await readUpTo(input, length);
    input.close();
    input.close();
    expect(bytes.equals(content)).toBe(true);
    expect(truncated).toBe(false);
  });

  it.each([
    ['grows', 400_000, 'is read whole'],
    ['loses its end', 70_000, 'is refused'],
  ])('that %s while it is read, to %i bytes, %s', async (_what, length, outcome) => {
    const at = workspace();
    writeFileSync(at('file'), Buffer.alloc(300_000));
    const input = openInput(at('file'), source(false));
    const read = async (): Promise<number> => {
      let bytes = 0;
      for await (const piece of input.chunks()) {
        if (bytes === 0) truncateSync(at('file'), length);
        bytes += piece.length;
      }
      return bytes;
    };
    if (outcome === 'is read whole') expect(await read()).toBe(length);
    else {
      const message = `"${at('file')}" became shorter while it was read`;
      await expect(read()).rejects.toMatchObject({ code: 'read-failed', message });
    }
    input.close();
  });

  it('has one identity under all names of a file', () => {
    const at = workspace();
    writeFileSync(at('one'), 'x');
    linkSync(at('one'), at('two'));
    const inputs = [openInput(at('one'), source(false)), openInput(at('two'), source(false))];
    const { dev, ino } = statSync(at('one'), { bigint: true });
    for (const input of inputs) {
      expect(input.identity).toEqual({ dev, ino });
      input.close();
    }
  });

  it.each(['-', undefined])('is stdin for %s', async (path) => {
    const input = openInput(path, source(false, 'ab', 'c'));
    expect(isStdin(path)).toBe(true);
    expect(input).toMatchObject({ name: 'stdin', identity: { dev: 1n, ino: 2n } });
    expect(input.path).toBeUndefined();
    expect((await readUpTo(input, 10)).bytes.toString()).toBe('abc');
    input.close();
  });

  it('does not wait silently on a terminal, but reads it when asked for with -', () => {
    expect(() => openInput(undefined, source(true))).toThrow(
      expect.objectContaining({ code: 'usage', hints: [expect.stringContaining('-')] }),
    );
    expect(openInput('-', source(true)).name).toBe('stdin');
  });

  it.each([
    ['missing', 'file-not-found', 'does not exist'],
    ['dir', 'read-failed', 'is a directory'],
    ['file/below', 'read-failed', 'not a directory'],
    ['x'.repeat(300), 'read-failed', 'too long'],
  ])('says what is wrong with "%s"', (name, code, message) => {
    const at = workspace();
    mkdirSync(at('dir'));
    writeFileSync(at('file'), '');
    const error = expect.objectContaining({
      code,
      message: expect.stringContaining(message) as string,
    }) as Error;
    expect(() => openInput(at(name), source(false))).toThrow(error);
    expect(() => readSmallFile(at(name), 10, 'public key file')).toThrow(error);
  });
});

it.each([
  ['missing\r', 'it ends in a carriage return'],
  ['\ufeffmissing', 'it begins with a byte order mark'],
  ['missing\ufffd', 'its name may not be UTF-8'],
])('says what cannot be seen in the name %j that leads to nothing', (name, hint) => {
  const hints = [expect.stringContaining(hint) as string];
  expect(() => openInput(name, source(false))).toThrow(expect.objectContaining({ hints }) as Error);
});

describe('readUpTo', () => {
  it.each([
    { chunks: [], max: 0, bytes: '', truncated: false },
    { chunks: ['a'], max: 0, bytes: '', truncated: true },
    { chunks: ['ab', 'c'], max: 3, bytes: 'abc', truncated: false },
    { chunks: ['ab', 'cd'], max: 3, bytes: 'abc', truncated: true },
    { chunks: ['abcdef'], max: 3, bytes: 'abc', truncated: true },
  ])('gives at most $max bytes of $chunks', async ({ chunks, max, bytes, truncated }) => {
    const result = await readUpTo(source(false, ...chunks), max);
    expect({ bytes: result.bytes.toString(), truncated: result.truncated }).toEqual({ bytes, truncated });
  });

  it('stops an endless input, and tells it to stop', async () => {
    let given = 0;
    let told = false;
    const endless = {
      chunks: async function* () {
        try {
          for (;;) {
            given += 1000;
            yield await Promise.resolve(Buffer.alloc(1000));
          }
        } finally {
          told = true;
        }
      },
    };
    expect((await readUpTo(endless, 2500)).truncated).toBe(true);
    expect([given, told]).toEqual([3000, true]);
  });
});

describe('readSmallFile', () => {
  it('is of files: "-" is refused, and what to name in its place', () => {
    expect(() => readSmallFile('-', 10, 'file of identities')).toThrow(
      expect.objectContaining({
        message: '"-" stands for stdin as input, not as file of identities',
        hints: ['/dev/stdin, where the input is a file'],
      }),
    );
  });

  it.each([0, 9, 10])('reads %i of at most 10 bytes', (length) => {
    const at = workspace();
    writeFileSync(at('key'), 'k'.repeat(length));
    expect(readSmallFile(at('key'), 10, 'public key file').toString()).toBe('k'.repeat(length));
  });

  it('refuses a longer one', () => {
    const at = workspace();
    writeFileSync(at('key'), 'k'.repeat(11));
    expect(() => readSmallFile(at('key'), 10, 'public key file')).toThrow(
      expect.objectContaining({
        code: 'read-failed',
        message: expect.stringMatching(/10 bytes.*public key file/) as string,
      }),
    );
  });
});
