import fs, {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openInput } from '../../src/io/input.js';
import { createOutput, type OutputOptions } from '../../src/io/output.js';
import type { ByteSink } from '../../src/io/stdio.js';
import { workspace } from './workspace.js';

const stdin = { isTerminal: false, chunks: () => Readable.from([]) };

function sink(isTerminal = false): ByteSink & { text: () => string } {
  const written: Buffer[] = [];
  return {
    isTerminal,
    write: (data) => {
      written.push(Buffer.from(data as Uint8Array));
      return Promise.resolve();
    },
    text: () => Buffer.concat(written).toString('latin1'),
  };
}

const output = (options: Partial<OutputOptions>) =>
  createOutput({ path: undefined, stdout: sink(), secret: false, force: false, kind: 'binary', ...options });

const failure = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string }) as Error;

/** Makes one call of the system fail, as file systems do that are not at hand in a test. */
function failing(call: 'linkSync' | 'fsyncSync' | 'openSync' | 'renameSync', code: string): void {
  vi.spyOn(fs, call).mockImplementationOnce(() => {
    throw Object.assign(new Error(code), { code });
  });
}

/** It is asked in one of two ways, by how long it took before. */
function failingDisk(): void {
  failing('fsyncSync', 'EIO');
  vi.spyOn(fs, 'fsync').mockImplementationOnce((_fd, done) =>
    done(Object.assign(new Error('EIO'), { code: 'EIO' })),
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a file', () => {
  it.skipIf(process.platform === 'win32')(
    'of plaintext is for its owner alone from its first byte',
    async () => {
      const at = workspace();
      const umask = process.umask(0);
      onTestFinished(() => void process.umask(umask));
      const out = output({ path: at('out'), secret: true });
      await out.write(Buffer.from('secret'));
      const [temporary = ''] = readdirSync(at('.'));
      expect(fs.statSync(at(temporary)).mode & 0o777).toBe(0o600);
      await out.commit();
    },
  );

  it('is not there before it is whole', async () => {
    const at = workspace();
    const out = output({ path: at('out') });
    out.check();
    expect(readdirSync(at(''))).toEqual([]);
    await out.write(Buffer.from('one '));
    await out.write(Buffer.from('two'));
    expect(readdirSync(at(''))).toEqual([expect.stringMatching(/^\.out\.kms-asym-[0-9a-z]+\.tmp$/)]);
    await out.commit();
    out.abort();
    expect(readdirSync(at(''))).toEqual(['out']);
    expect(readFileSync(at('out'), 'utf8')).toBe('one two');
    expect(out.name).toBe(at('out'));
  });

  it('is empty when nothing was written', async () => {
    const at = workspace();
    await output({ path: at('out') }).commit();
    expect(readFileSync(at('out'), 'utf8')).toBe('');
  });

  it('leaves nothing behind when it is given up', async () => {
    const at = workspace();
    writeFileSync(at('out'), 'old');
    const out = output({ path: at('out'), force: true });
    await out.write(Buffer.from('new'));
    out.abort();
    out.abort();
    expect(readdirSync(at(''))).toEqual(['out']);
    expect(readFileSync(at('out'), 'utf8')).toBe('old');
    await expect(out.commit()).rejects.toThrow('has ended');
  });

  it('replaces another only with force', async () => {
    const at = workspace();
    writeFileSync(at('out'), 'old');
    const refused = output({ path: at('out') });
    expect(() => refused.check()).toThrow(failure('file-exists', '"'));
    await expect(refused.write(Buffer.from('new'))).rejects.toThrow(failure('file-exists'));
    const forced = output({ path: at('out'), force: true });
    await forced.write(Buffer.from('new'));
    expect(readFileSync(at('out'), 'utf8')).toBe('old');
    await forced.commit();
    expect(readFileSync(at('out'), 'utf8')).toBe('new');
  });

  it('spares a file that appeared meanwhile', async () => {
    const at = workspace();
    const out = output({ path: at('out') });
    await out.write(Buffer.from('ours'));
    writeFileSync(at('out'), 'theirs');
    await expect(out.commit()).rejects.toThrow(failure('file-exists'));
    expect(readFileSync(at('out'), 'utf8')).toBe('theirs');
    expect(readdirSync(at(''))).toEqual(['out']);
  });

  it('gets its name where there are no hard links, and still spares one that appeared', async () => {
    const at = workspace();
    failing('linkSync', 'EPERM');
    const out = output({ path: at('out') });
    await out.write(Buffer.from('ours'));
    await out.commit();
    expect(readFileSync(at('out'), 'utf8')).toBe('ours');
    const late = output({ path: at('late') });
    await late.write(Buffer.from('ours'));
    writeFileSync(at('late'), 'theirs');
    failing('linkSync', 'EPERM');
    await expect(late.commit()).rejects.toThrow(failure('file-exists'));
    expect(readdirSync(at(''))).toEqual(['late', 'out']);
  });

  it.each<[string, string, number]>([
    ['the disk fails', 'fsync', 3],
    ['the disk fails with much to write', 'fsync', 5 * 1024 * 1024],
    ['it cannot be renamed', 'rename', 3],
  ])('keeps the old content when %s', async (_what, call, bytes) => {
    const at = workspace();
    writeFileSync(at('out'), 'old');
    const out = output({ path: at('out'), force: true });
    await out.write(Buffer.alloc(bytes));
    if (call === 'rename') failing('renameSync', 'EIO');
    else failingDisk();
    await expect(out.commit()).rejects.toThrow(failure('write-failed', `"${at('out')}": input/output error`));
    expect(readdirSync(at(''))).toEqual(['out']);
    expect(readFileSync(at('out'), 'utf8')).toBe('old');
  });

  it('finds another temporary name when one is taken', async () => {
    const at = workspace();
    failing('openSync', 'EEXIST');
    await output({ path: at('out') }).commit();
    expect(readdirSync(at(''))).toEqual(['out']);
  });

  it('fails when its directory vanished meanwhile', async () => {
    const at = workspace();
    mkdirSync(at('dir'));
    const out = output({ path: at('dir/out') });
    out.check();
    rmdirSync(at('dir'));
    await expect(out.write(Buffer.from('x'))).rejects.toThrow(failure('write-failed', 'does not exist'));
  });

  it('may have the longest name that the system allows', async () => {
    const at = workspace();
    const name = 'é'.repeat(127);
    await output({ path: at(name) }).commit();
    expect(existsSync(at(name))).toBe(true);
  });

  it('works with a path relative to the working directory', async () => {
    const at = workspace();
    const relative = path.relative(process.cwd(), at('out'));
    await output({ path: relative }).commit();
    expect(existsSync(at('out'))).toBe(true);
  });

  it.each([
    ['dir', 'write-failed', 'is a directory'],
    ['dir/', 'write-failed', 'directory'],
    ['new/', 'write-failed', 'directory'],
    ['missing/out', 'file-not-found', 'does not exist'],
    ['file/out', 'write-failed', 'not a directory'],
  ])('cannot be "%s", which is said early', (name, code, message) => {
    const at = workspace();
    mkdirSync(at('dir'));
    writeFileSync(at('file'), '');
    for (const force of [false, true]) {
      expect(() => output({ path: `${at('')}/${name}`, force }).check()).toThrow(failure(code, message));
    }
  });

  it.each(['file', 'hard'])('is never the input: "%s"', (name) => {
    const at = workspace();
    writeFileSync(at('file'), 'precious');
    linkSync(at('file'), at('hard'));
    const input = openInput(at('file'), stdin);
    for (const force of [false, true]) {
      expect(() => output({ path: at(name), force, input }).check()).toThrow(failure('same-file'));
    }
    input.close();
  });
});

describe('stdout', () => {
  it.each([undefined, '-', '/dev/stdout', '/proc/self/fd/1'])('is written for %s', async (name) => {
    const stdout = sink();
    const out = output({ path: name, stdout });
    out.check();
    await out.write(Buffer.from('a\0'));
    await out.write(Buffer.from('b'));
    await out.commit();
    expect(stdout.text()).toBe('a\0b');
  });

  it('may not lead to the input', () => {
    const identity = { dev: 1n, ino: 2n };
    const out = output({ stdout: { ...sink(), identity }, input: { identity } });
    expect(() => out.check()).toThrow(failure('same-file', 'stdout'));
  });

  it('gets no binary data when it is a terminal, unless asked for', async () => {
    const stdout = sink(true);
    const out = output({ stdout });
    expect(() => out.check()).toThrow(failure('terminal'));
    await expect(out.write(Buffer.from('x'))).rejects.toThrow(failure('terminal'));
    out.abort();
    expect(stdout.text()).toBe('');
    for (const options of [{ path: '-' }, { kind: 'text' }] as const) {
      const allowed = output({ stdout, ...options });
      await allowed.write(Buffer.from('y'));
      await allowed.commit();
    }
    expect(stdout.text()).toBe('yy');
  });

  it('passes errors of the stream on', async () => {
    const stdout = { isTerminal: false, write: () => Promise.reject(new Error('gone')) };
    await expect(output({ stdout }).write(Buffer.from('x'))).rejects.toThrow('gone');
  });
});

describe('plaintext on a terminal', () => {
  const show = async (chunks: readonly Uint8Array[], options: Partial<OutputOptions> = {}) => {
    const stdout = sink(true);
    const out = output({ stdout, secret: true, ...options });
    out.check();
    try {
      for (const chunk of chunks) await out.write(chunk);
      await out.commit();
    } catch (error) {
      expect(stdout.text()).toBe('');
      throw error;
    }
    return Buffer.from(stdout.text(), 'latin1').toString();
  };

  it.each(['', 'a line\n', 'tab\tand\r\n', 'Grüße, 世界 👋', '\ufeffmark', 'x'.repeat(1024 * 1024)])(
    'shows %j',
    async (text) => {
      const bytes = Buffer.from(text);
      // Split in the middle of a character too.
      for (const middle of [0, 5, 9]) {
        expect(await show([bytes.subarray(0, middle), bytes.subarray(middle)])).toBe(text);
      }
    },
  );

  it.each(['\x1b[2J', 'a\0', '\b', '\x7f', '\u009b2J', '\u202eevil', '\u2066'])(
    'refuses %j',
    async (text) => {
      await expect(show([Buffer.from('harmless'), Buffer.from(text)])).rejects.toThrow(
        failure('terminal', 'not printable'),
      );
    },
  );

  it.each(['ff', 'c3', 'eda080', 'c0af'])('refuses what is not UTF-8: %s', async (hex) => {
    await expect(show([Buffer.from(hex, 'hex')])).rejects.toThrow(failure('terminal'));
  });

  it('refuses more than a person reads', async () => {
    await expect(show([Buffer.alloc(1024 * 1024, 'x'), Buffer.from('x')])).rejects.toThrow(
      failure('terminal', 'long'),
    );
  });

  it('is any bytes when asked for with -', async () => {
    expect(await show([Buffer.from('\x1b[2J')], { path: '-' })).toBe('\x1b[2J');
  });
});
