/** Results of many inputs, below one directory. */
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AtomicFile } from '../../src/io/atomic-file.js';
import { OutputDirectory } from '../../src/io/output-directory.js';
import { ResultFile } from '../../src/io/result-file.js';
import { workspace } from './workspace.js';

const failure = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

afterEach(() => {
  vi.restoreAllMocks();
});

function result(path: string, below: string, more: { force?: boolean; secret?: boolean } = {}): ResultFile {
  const { force = false, secret = false } = more;
  const directory = new OutputDirectory(path, secret);
  return new ResultFile({ directory, below, secret, force, alsoRead: [] });
}

describe('a result', () => {
  it('comes with its directories, and not before it is whole', async () => {
    const at = workspace();
    const file = result(at('out'), 'deep/er/a', { secret: true });
    await file.write(Buffer.from('one'));
    expect(existsSync(at('out/deep/er/a'))).toBe(false);
    await file.commit();
    file.abort();
    expect(readFileSync(at('out/deep/er/a'), 'utf8')).toBe('one');
    if (process.platform !== 'win32') expect(statSync(at('out/deep')).mode & 0o777).toBe(0o700);
  });

  it('takes the place of another file only by force', () => {
    const at = workspace();
    writeFileSync(at('a'), 'old');
    expect(() => {
      result(at('.'), 'a').check();
    }).toThrow(failure('file-exists', 'already exists'));
    expect(() => {
      result(at('.'), 'a', { force: true }).check();
    }).not.toThrow();
  });

  it('has what runs elsewhere left of it taken away after a week', () => {
    const at = workspace();
    const [old, young] = ['1', '2'].map((number) => `.a.kms-asym-${'f'.repeat(16)}p1s1n${number}.tmp`);
    for (const name of [old, young]) writeFileSync(at(name ?? ''), '');
    const then = Date.now() / 1000 - 8 * 24 * 60 * 60;
    utimesSync(at(old ?? ''), then, then);
    result(at('.'), 'a').tidy();
    expect(readdirSync(at('.'))).toEqual([young]);
  });

  it('that has ended takes nothing more', async () => {
    const file = result(workspace()('.'), 'a');
    await file.commit();
    await expect(file.write(Buffer.from('late'))).rejects.toThrow('has ended');
    await expect(file.commit()).rejects.toThrow('has ended');
  });
});

describe('the directory of results', () => {
  it.each<[string, (path: string, at: (name: string) => string) => void, string]>([
    ['a file', (path) => writeFileSync(path, ''), 'is not a directory'],
    ['a link', (path, at) => symlinkSync(at('elsewhere'), path), 'is a symbolic link'],
  ])('has no %s in the way', (_what, block, message) => {
    const at = workspace();
    mkdirSync(at('elsewhere'));
    mkdirSync(at('out'));
    block(at('out/deep'), at);
    const directory = new OutputDirectory(at('out'), false);
    expect(() => {
      directory.makeFor('deep/a');
    }).toThrow(failure('write-failed', message));
  });

  it('is no file itself', () => {
    const path = workspace()('out');
    writeFileSync(path, '');
    expect(() => new OutputDirectory(path, false).exists()).toThrow(
      failure('write-failed', 'is not a directory'),
    );
  });

  it.each(['EACCES', 'EROFS', 'ENOSPC'])('cannot always be added to: %s', (code) => {
    const at = workspace();
    mkdirSync(at('out'));
    vi.spyOn(fs, 'mkdirSync').mockImplementationOnce(() => {
      throw Object.assign(new Error(code), { code });
    });
    const directory = new OutputDirectory(at('out'), false);
    expect(() => {
      directory.makeFor('deep/a');
    }).toThrow(failure('write-failed', `cannot write "${at('out/deep')}"`));
  });
});

it('a file that was given up or has its name is written no more', async () => {
  const at = workspace();
  const file = new AtomicFile({ target: at('a'), subject: '"a"', replace: false, mode: undefined });
  file.abort();
  file.abort();
  expect(() => file.write(Buffer.from('x'))).toThrow('already committed or aborted');
  await expect(file.commit()).rejects.toThrow(failure('write-failed', '"a"'));
  expect(existsSync(at('a'))).toBe(false);
});
