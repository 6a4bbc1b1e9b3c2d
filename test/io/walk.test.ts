import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, it } from 'vitest';
import { walk } from '../../src/io/walk.js';
import { workspace } from './workspace.js';

function tree(...names: readonly string[]): (name: string) => string {
  const at = workspace();
  for (const name of names) {
    if (name.endsWith('/')) mkdirSync(at(name), { recursive: true });
    else writeFileSync(at(name), name);
  }
  return at;
}

const names = (at: (name: string) => string, ...paths: string[]): string[] =>
  [...walk(paths)].map((found) => relative(at('.'), found.path));

it('a directory is its files in the order of their names, those below it too', () => {
  const at = tree('b/', 'b/inner/', 'empty/', 'b/2', 'b/10', 'b/inner/x', 'b/.hidden', 'c', 'a');
  expect(names(at, at('.'))).toEqual(['a', 'b/.hidden', 'b/10', 'b/2', 'b/inner/x', 'c']);
});

it('what is given comes in the order it was given in, whatever it is', () => {
  const at = tree('d/', 'd/f', 'one');
  const paths = [at('one'), at('missing'), at('d'), at('one')];
  expect([...walk(paths)]).toEqual([
    { path: at('one'), isNamed: true },
    { path: at('missing'), isNamed: true },
    { path: at('d/f'), isNamed: false },
    { path: at('one'), isNamed: true },
  ]);
});

it('links are followed where they are given and nowhere else', () => {
  const at = tree('d/', 'd/f', 'outside/', 'outside/g');
  symlinkSync(at('outside'), at('d/out'));
  symlinkSync(at('d'), at('d/circle'));
  symlinkSync(at('d/f'), at('d/link'));
  symlinkSync(at('d'), at('way'));
  symlinkSync('self', at('self'));
  expect(names(at, at('way'), at('d/link'), at('self'))).toEqual(['way/f', 'd/link', 'self']);
});

it.runIf(process.platform === 'linux')('a FIFO in a directory is none of its files', () => {
  const at = tree('d/', 'd/f');
  execFileSync('mkfifo', [at('d/fifo')]);
  expect(names(at, at('d'), at('d/fifo'))).toEqual(['d/f', 'd/fifo']);
});

it('what this program leaves beside files is none of them', () => {
  const at = tree('d/', 'd/.a.kms-asym-1x2.tmp', 'd/.a.kms-asym-journal', 'd/kms-asym.tmp');
  expect(names(at, at('d'))).toEqual(['d/kms-asym.tmp']);
});

/** A name whose last byte is no UTF-8. */
const odd = (name: string): Buffer => Buffer.concat([Buffer.from(name), Buffer.of(0xff)]);

it.runIf(process.platform === 'linux')(
  'a name that is no text is an error, not another file of that look',
  () => {
    const at = tree('d/', 'd/a', 'd/x\ufffd', 'd/y\ufffd/', 'd/z');
    writeFileSync(odd(at('d/x')), '');
    mkdirSync(odd(at('d/y')));
    writeFileSync(Buffer.concat([odd(at('d/y')), Buffer.from('/f')]), '');
    symlinkSync('a', odd(at('d/link')));
    const found = [...walk([at('d')])];
    const good = found.filter(({ error }) => error === undefined);
    expect(good.map(({ path }) => relative(at('d'), path))).toEqual(['a', 'x\ufffd', 'z']);
    const bad = found.flatMap(({ error }) => (error === undefined ? [] : [error]));
    expect(bad.map(({ code, message }) => [code, message])).toEqual([
      ['read-failed', `the name of "${at('d/x\ufffd')}" is not UTF-8`],
      ['read-failed', `the name of "${at('d/y\ufffd')}" is not UTF-8`],
    ]);
  },
);

it('a directory that cannot be read does not end the walk', () => {
  const at = tree('d/', 'd/a/', 'd/a/x', 'd/b/', 'd/b/y', 'd/c');
  const found = walk([at('d')]);
  expect(found.next().value?.path).toBe(at('d/a/x'));
  rmSync(at('d/b'), { recursive: true });
  expect(found.next().value?.error).toMatchObject({ code: 'file-not-found' });
  expect(found.next().value?.path).toBe(at('d/c'));
  expect(found.next().done).toBe(true);
});
