import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAccessKeys } from '../../src/cli/access-key-option.js';
import { workspace } from '../io/workspace.js';

describe('an access key', () => {
  it.each([
    ['LTAI:s3cret/+=', { id: 'LTAI', secret: 's3cret/+=' }],
    ['STS.a:secret:CAIS+/=', { id: 'STS.a', secret: 'secret', securityToken: 'CAIS+/=' }],
    ['a:b:c:1893456000', { id: 'a', secret: 'b', securityToken: 'c', expiresMs: 1_893_456_000_000 }],
    [
      'a:b:c:2030-01-01T00:00:00Z',
      { id: 'a', secret: 'b', securityToken: 'c', expiresMs: 1_893_456_000_000 },
    ],
    [
      'a:b:c:2030-01-01T08:00+08:00',
      { id: 'a', secret: 'b', securityToken: 'c', expiresMs: 1_893_456_000_000 },
    ],
    [
      'a:b:c:2030-01-01T00:00:00.5Z',
      { id: 'a', secret: 'b', securityToken: 'c', expiresMs: 1_893_456_000_500 },
    ],
  ])('%s', (value, key) => expect(readAccessKeys(value)).toEqual([key]));

  it.each(['', 'hunter2', ':hunter2', 'a:', 'a::hunter2', 'a:hunter2:', 'a:hunter2:token:'])(
    'is not "%s", which the error does not repeat',
    (value) => {
      expect(() => readAccessKeys(value)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: '--access-key is not an access key',
          hints: ['expected ID:SECRET[:STS[:EXPIRY]]'],
        }) as Error,
      );
    },
  );

  it.each([
    'tomorrow',
    '2030-01-01',
    '2030-01-01T00:00:00',
    '2030-13-01T00:00:00Z',
    '-5',
    'hunter2',
    '12:00',
  ])('does not expire "%s", which the error does not repeat', (expiry) => {
    expect(() => readAccessKeys(`a:hunter2:token:${expiry}`)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'the expiry in --access-key is no time' }) as Error,
    );
  });
});

describe('a file of access keys', () => {
  const write = (text: string) => {
    const file = workspace()('keys');
    writeFileSync(file, text);
    return file;
  };

  it('holds one on every line, and comments', () => {
    const file = write('# mine\r\na:b\r\n\r\n  c:d:e\n');
    expect(readAccessKeys(`@${file}`)).toEqual([
      { id: 'a', secret: 'b' },
      { id: 'c', secret: 'd', securityToken: 'e' },
    ]);
  });

  it.each([
    ['a:b\nhunter2\n', (file: string) => `line 2 of "${file}" is not an access key`],
    ['a:b:c:hunter2', (file: string) => `the expiry in line 1 of "${file}" is no time`],
    ['# nothing\n', (file: string) => `"${file}" holds no access key`],
  ])('%j is refused by its place', (text, message) => {
    const file = write(text);
    expect(() => readAccessKeys(`@${file}`)).toThrow(
      expect.objectContaining({ code: 'usage', message: message(file) }) as Error,
    );
  });

  it('must be there, and small', () => {
    expect(() => readAccessKeys(`@${workspace()('none')}`)).toThrow(
      expect.objectContaining({ code: 'file-not-found' }) as Error,
    );
    const file = write('a'.repeat(70_000));
    expect(() => readAccessKeys(`@${file}`)).toThrow(
      expect.objectContaining({ code: 'read-failed' }) as Error,
    );
  });
});
