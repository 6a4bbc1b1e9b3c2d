import fc from 'fast-check';
import { join, normalize, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appending, pathBelow, removing } from '../../../src/cli/batch/result-path.js';

describe('the path of a named file', () => {
  it.each([
    ['a', 'a'],
    ['./a', 'a'],
    ['a/b', 'a/b'],
    ['/a/b', 'a/b'],
    ['//a//b', 'a/b'],
    ['../a', 'a'],
    ['../../a/../b', 'b'],
    ['a/../../b', 'b'],
    ['/..', ''],
    ['..', ''],
    ['.', ''],
    ['/', ''],
    ['...', '...'],
    ['..a/..b', '..a/..b'],
    ['-', '-'],
    ['~/a', '~/a'],
    ['a\nb', 'a\nb'],
    ['C:/a', 'C:/a'],
  ])('%j is %j below the output directory', (name, below) => {
    expect(pathBelow(name)).toBe(below);
  });

  it('never leads out of there', () => {
    const part = fc.constantFrom('..', '.', '', 'a', '...', ' ', '-', '..\\..', '\u0301');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, isAbsolute) => {
        const below = pathBelow(`${isAbsolute ? '/' : ''}${parts.join('/')}`);
        expect(resolve('/out', below) === '/out' || resolve('/out', below).startsWith(`/out${sep}`)).toBe(
          true,
        );
        expect(normalize(join('out', below))).toBe(join('out', below));
      }),
    );
  });
});

describe('a suffix', () => {
  it('is appended as it is', () => {
    expect(appending('.age')('a/b.age', '')).toBe('a/b.age.age');
    expect(appending('')('a', '')).toBe('a');
  });

  it.each([
    ['a.age', ['.age', '.enc'], 'a'],
    ['d/a.enc', ['.age', '.enc'], 'd/a'],
    ['a.age.enc', ['.age', '.enc'], 'a.age'],
    ['a', [''], 'a'],
    ['d.age/a.age', ['.age'], 'd.age/a'],
  ])('is taken from %j (%j)', (below, suffixes, result) => {
    expect(removing(suffixes)(below, below)).toBe(result);
  });

  it.each(['a', 'a.AGE', 'a.age ', 'd.age/a'])('that is not there (%j) is an error', (below) => {
    expect(() => removing(['.age', '.enc'])(below, `in/${below}`)).toThrow(
      `"in/${below}" does not end in ".age" or ".enc"`,
    );
  });

  it.each(['.age', 'd/.age', '..age', '...age', 'd/...age', 'd\\..age'])(
    'that leaves no name of %j is an error',
    (below) => {
      expect(() => removing(['.age'])(below, below)).toThrow(`of "${below}" no name is left without ".age"`);
    },
  );
});
