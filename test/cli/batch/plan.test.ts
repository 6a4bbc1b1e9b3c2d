import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { planFiles } from '../../../src/cli/batch/plan.js';
import { appending } from '../../../src/cli/batch/result-path.js';
import { foldName, foldsNames } from '../../../src/io/name-folding.js';
import { OutputDirectory } from '../../../src/io/output-directory.js';
import { workspace } from '../../io/workspace.js';

function tree(...names: readonly string[]): (name: string) => string {
  const at = workspace();
  for (const name of names) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), name);
  }
  return at;
}

const planned = (at: (name: string) => string, names: readonly string[], output = 'out', suffix = '.age') =>
  planFiles(names.map(at), new OutputDirectory(at(output), false), appending(suffix)).map(
    ({ path, result }) => [relative(at('.'), path), result],
  );

it('files of a directory keep their paths below it', () => {
  const at = tree('in/a', 'in/sub/b', 'in/sub/deep/c');
  expect(planned(at, ['in', 'in/sub/../sub/'])).toEqual([
    ['in/a', 'a.age'],
    ['in/sub/b', 'sub/b.age'],
    ['in/sub/deep/c', 'sub/deep/c.age'],
    ['in/sub/b', 'b.age'],
    ['in/sub/deep/c', 'deep/c.age'],
  ]);
});

it('a file that is found twice under one result is done once', () => {
  const at = tree('in/a');
  expect(planned(at, ['in', 'in/.', 'in/../in'])).toEqual([['in/a', 'a.age']]);
});

it('two files with one result are refused, all pairs named up to a handful', () => {
  const names = Array.from({ length: 9 }, (_, index) => `${index}`);
  const at = tree(...names.flatMap((name) => [`one/${name}`, `two/${name}`]));
  const plan = (): unknown => planned(at, ['one', 'two']);
  expect(plan).toThrow(`nothing was done: "${at('one/0')}" and "${at('two/0')}" would both be`);
  let hints: readonly string[] = [];
  try {
    plan();
  } catch (error) {
    hints = (error as { hints: readonly string[] }).hints;
  }
  expect(hints.length).toBe(7);
  expect(hints[5]).toBe('and 3 more');
});

it('what is in the output directory is not found from above, whatever leads there', () => {
  const at = tree('in/a', 'in/out/b');
  symlinkSync(at('in/out'), at('link'));
  expect(planned(at, ['in'], 'in/out')).toEqual([['in/a', 'a.age']]);
  expect(planned(at, ['in'], 'link')).toEqual([['in/a', 'a.age']]);
  expect(() => planned(at, ['in/out'], 'link')).toThrow('is the output directory too');
});

it('no result has the name of an input, whatever leads there', () => {
  const at = tree('in/a', 'in/a.age', 'in/b');
  symlinkSync(at('in'), at('link'));
  expect(() => planned(at, ['in'], 'in')).toThrow('is the output directory too');
  const directory = new OutputDirectory(at('link'), false);
  expect(() => planFiles([at('in/a.age'), at('in/b')], directory, () => 'a.age')).toThrow('would both be');
  expect(() => planFiles([at('in/a.age')], directory, () => 'a.age')).toThrow('would be its own result');
  expect(() =>
    planFiles([at('in/b'), at('in/a.age')], directory, (_below, name) =>
      name === at('in/b') ? 'a.age' : 'c',
    ),
  ).toThrow(`"${at('in/a.age')}" is an input, and the result of "${at('in/b')}" too`);
});

it('what cannot be found or named is planned to fail', () => {
  const at = tree('a');
  const directory = new OutputDirectory(at('out'), false);
  const refusing = (): string => {
    throw new TypeError('bug');
  };
  expect(() => planFiles([at('a')], directory, refusing)).toThrow('bug');
  expect(planned(at, ['missing'])[0]?.[1]).toBe(at('missing.age').slice(1));
});

it('names are told apart as the file system of the output directory does', () => {
  const at = tree('one/A', 'two/a', 'one/\u00e9', 'two/e\u0301');
  const isFolding = foldsNames(at('.'));
  const plan = (): unknown => planned(at, ['one', 'two'], 'out/not/there/yet');
  if (isFolding) expect(plan).toThrow('would both be');
  else expect(plan()).toHaveLength(4);
  expect(readdirSync(at('.')).toSorted()).toEqual(['one', 'two']);
});

describe('a file system that folds names', () => {
  it('gets no two results that it would take for one', async () => {
    vi.resetModules();
    vi.doMock('../../../src/io/name-folding.js', () => ({ foldName, foldsNames: () => true }));
    try {
      const { planFiles: planFolding } = await import('../../../src/cli/batch/plan.js');
      const at = tree('one/A', 'two/a', 'x/\u00e9', 'y/e\u0301');
      const directory = new OutputDirectory(at('out'), false);
      expect(() => planFolding([at('one'), at('two')], directory, appending(''))).toThrow('would both be');
      expect(() => planFolding([at('x'), at('y')], directory, appending(''))).toThrow('would both be');
      expect(planFolding([at('one'), at('x')], directory, appending(''))).toHaveLength(2);
    } finally {
      vi.doUnmock('../../../src/io/name-folding.js');
    }
  });
});
