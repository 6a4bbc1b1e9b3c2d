import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs, {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EditableFile } from '../../src/io/editable-file.js';
import { openInput, readUpTo } from '../../src/io/input.js';
import { journalOf } from '../../src/io/journal-entries.js';
import { processStdio } from '../../src/io/process-stdio.js';
import { workspace } from './workspace.js';

const OLD = 'the head as it was';
const NEW = 'THE HEAD TO BECOME';
const REST = 'and the rest of it';
let driver = '';

beforeAll(async () => {
  driver = join(mkdtempSync(join(tmpdir(), 'kms-asym-driver-')), 'driver.cjs');
  const build = await rolldown({ input: join(import.meta.dirname, 'edit-driver.ts'), platform: 'node' });
  await build.write({ file: driver, format: 'cjs' });
});
afterAll(() => rmSync(join(driver, '..'), { recursive: true }));

interface Place {
  readonly file: string;
  readonly text: () => string;
  /** Everything that lies in the directory. */
  readonly names: () => string[];
  readonly at: (name: string) => string;
}

function place(content = OLD + REST): Place {
  const at = workspace();
  const file = at('file');
  writeFileSync(file, content);
  return { file, at, text: () => readFileSync(file, 'utf8'), names: () => readdirSync(at('.')).sort() };
}

const run = (...args: string[]) => spawnSync(process.execPath, [driver, ...args], { encoding: 'utf8' });

const edit = (file: string, force = false) =>
  new EditableFile(file, { followLinks: force, changeReadOnly: force });

/** Replaces the head, as whoever read it before. */
async function replaceHead(file: string, to = NEW, force = false, from = OLD): Promise<string> {
  const edited = edit(file, force);
  try {
    return await edited.replaceHead(Buffer.from(from), Buffer.from(to));
  } finally {
    edited.close();
  }
}

async function read(file: string): Promise<string> {
  const input = openInput(file, processStdio().stdin);
  const { bytes } = await readUpTo(input, 1000);
  input.close();
  return bytes.toString();
}

async function holder(file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [driver, 'hold', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

const refusal = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'write-failed',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('a head', () => {
  it('of the same length is replaced in place', async () => {
    const { file, text, names } = place();
    const { ino } = statSync(file);
    expect(await replaceHead(file)).toBe('in place');
    expect(text()).toBe(NEW + REST);
    expect(statSync(file).ino).toBe(ino);
    expect(names()).toEqual(['file']);
  });

  it.each(['', 'short', `${NEW} and longer`])('of another length is replaced by a copy: "%s"', async (to) => {
    const { file, text, names } = place();
    chmodSync(file, 0o640);
    chownSync(file, process.getuid?.() === 0 ? 1234 : -1, process.getgid?.() === 0 ? 2345 : -1);
    const before = statSync(file);
    expect(await replaceHead(file, to)).toBe('copied');
    expect(text()).toBe(to + REST);
    const { mode, uid, gid } = statSync(file);
    expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
    expect(names()).toEqual(['file']);
  });

  it('is not replaced when somebody changed the file meanwhile', async () => {
    const { file, text, names } = place();
    const replaced = (): void => {
      rmSync(file);
      writeFileSync(file, OLD + REST);
    };
    for (const [to, change] of [
      [NEW, (): void => writeFileSync(file, OLD + REST)],
      [NEW, (): void => writeFileSync(file, `${OLD}but another rest`)],
      ['short', replaced],
    ] as const) {
      const edited = edit(file);
      await new Promise((resolve) => setTimeout(resolve, 20));
      change();
      const now = text();
      await expect(edited.replaceHead(Buffer.from(OLD), Buffer.from(to))).rejects.toThrow(
        refusal('changed by somebody'),
      );
      edited.close();
      expect(text()).toBe(now);
      expect(names()).toEqual(['file']);
    }
  });

  it('is read as it is from the file', async () => {
    const { file } = place();
    const edited = edit(file);
    const pieces: Uint8Array[] = [];
    for await (const piece of edited.chunks(OLD.length)) pieces.push(piece);
    edited.close();
    expect(Buffer.concat(pieces).toString()).toBe(REST);
    expect(edited.size).toBe(OLD.length + REST.length);
  });
});

describe('a file under other names', () => {
  it('is not changed through a symbolic link without force, and with force the link stays', async () => {
    const { text, at, names } = place();
    mkdirSync(at('d'));
    symlinkSync('../file', at('d/link'));
    await expect(replaceHead(at('d/link'))).rejects.toThrow(refusal('is a symbolic link'));
    expect(await replaceHead(at('d/link'), NEW, true)).toBe('in place');
    expect(await replaceHead(at('d/link'), 'short', true, NEW)).toBe('copied');
    expect(text()).toBe(`short${REST}`);
    expect(readlinkSync(at('d/link'))).toBe('../file');
    expect([names(), readdirSync(at('d'))]).toEqual([['d', 'file'], ['link']]);
  });

  it('is changed in place under all of them, and not copied away from them', async () => {
    const { file, at, names } = place();
    linkSync(file, at('other'));
    expect(await replaceHead(file)).toBe('in place');
    expect(readFileSync(at('other'), 'utf8')).toBe(NEW + REST);
    await expect(replaceHead(file, 'short', false, NEW)).rejects.toThrow(refusal('hard links'));
    expect(readFileSync(file, 'utf8')).toBe(NEW + REST);
    expect(names()).toEqual(['file', 'other']);
  });

  it.each([1, 200, 236, 237, 255])('has a journal beside it: a name of %i bytes', async (length) => {
    const { at } = place();
    const file = at('n'.repeat(length));
    writeFileSync(file, OLD + REST);
    run('tear', file, NEW, '3');
    expect(readdirSync(at('.'))).toHaveLength(3);
    expect(await replaceHead(file, OLD, false, NEW)).toBe('in place');
    expect(readdirSync(at('.'))).toHaveLength(2);
  });
});

describe('what may not be changed', () => {
  it('is refused: directories, devices, FIFOs and what is not there', () => {
    const { at } = place();
    execFileSync('mkfifo', [at('fifo')]);
    expect(() => edit(at('.'))).toThrow(refusal('not a regular file'));
    expect(() => edit(at('fifo'), true)).toThrow(refusal('not a regular file'));
    expect(() => edit('/dev/null', true)).toThrow(refusal('not a regular file'));
    expect(() => edit(at('none'), true)).toThrow(expect.objectContaining({ code: 'file-not-found' }));
  });

  it('is a read-only file, unless forced', async () => {
    const { file, text } = place();
    chmodSync(file, 0o444);
    await expect(replaceHead(file)).rejects.toThrow(refusal('is read-only'));
    await replaceHead(file, NEW, true);
    expect(text()).toBe(NEW + REST);
    expect(statSync(file).mode & 0o777).toBe(0o444);
  });

  it('is what its user may not write, or not write beside', () => {
    const { file, text, at } = place();
    const asNobody = (...args: string[]) =>
      spawnSync(process.execPath, [driver, ...args], { encoding: 'utf8', uid: 65534, gid: 65534 }).stdout;
    chmodSync(join(driver, '..'), 0o755);
    chmodSync(at('.'), 0o777);
    expect(asNobody('replace', file, NEW)).toBe(`cannot write "${file}": permission denied\n`);
    chmodSync(file, 0o666);
    // A copy would be nobody's, and it is not nobody's to give away.
    expect(asNobody('replace', file, NEW)).toBe('in place\n');
    chmodSync(at('.'), 0o755);
    expect(asNobody('replace', file, OLD)).toBe(`cannot write beside "${file}": permission denied\n`);
    expect(text()).toBe(NEW + REST);
  });
});

describe('while it is changed', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(code), { code });
  };

  it('and the disk fails in the middle, the next run finishes it', async () => {
    const { file, text, names } = place();
    const { writeSync } = fs;
    vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Buffer, ...rest: number[]) => {
      // Only the head is written at a position; it gets no further than its third byte.
      if (rest.length < 3) return writeSync(fd, bytes, ...rest);
      if (rest[2] !== 0) return failing('EIO')();
      return writeSync(fd, bytes, 0, 3, 0);
    }) as typeof fs.writeSync);
    await expect(replaceHead(file)).rejects.toThrow(refusal('input/output error'));
    vi.restoreAllMocks();
    expect(text()).toBe(NEW.slice(0, 3) + OLD.slice(3) + REST);
    expect(await read(file)).toBe(NEW + REST);
    edit(file).close();
    expect(text()).toBe(NEW + REST);
    expect(names()).toEqual(['file']);
  });

  it('by a copy that takes long, others get their turn and see that it goes on', async () => {
    const { file } = place();
    const content = async function* (): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 3; count += 1) {
        const end = performance.now() + 30;
        while (performance.now() < end);
        yield await Promise.resolve(Buffer.from('piece'));
      }
    };
    const beat = vi.spyOn(fs, 'futimesSync');
    const edited = edit(file);
    await edited.replaceAll(Buffer.from(OLD), content());
    edited.close();
    expect(beat).toHaveBeenCalledTimes(3);
    expect(statSync(file).size).toBe(15);
  });

  it.each(['EIO', 'ENOSPC'])('by a copy that fails (%s), it is as it was', async (code) => {
    const { file, text, names } = place();
    vi.spyOn(fs, 'renameSync').mockImplementationOnce(failing(code));
    await expect(replaceHead(file, `${NEW} and longer`)).rejects.toThrow(refusal('cannot write'));
    expect(text()).toBe(OLD + REST);
    expect(names()).toEqual(['file']);
  });

  it('by a copy that cannot be given to its owner, nothing is left of the copy', async () => {
    const { file, text, names } = place();
    chownSync(file, 65534, 65534);
    const open = readdirSync('/proc/self/fd').length;
    vi.spyOn(fs, 'fchownSync').mockImplementationOnce(failing('EPERM'));
    await expect(replaceHead(file, `${NEW} and longer`)).rejects.toThrow(refusal('operation not permitted'));
    expect(text()).toBe(OLD + REST);
    expect(names()).toEqual(['file']);
    expect(readdirSync('/proc/self/fd').length).toBe(open);
  });

  it('it is opened for reading where writing is not allowed, and copied, by force', async () => {
    const { file, text } = place();
    const refused = (): void => void vi.spyOn(fs, 'openSync').mockImplementationOnce(failing('EACCES'));
    refused();
    expect(() => edit(file)).toThrow(refusal('permission denied'));
    refused();
    expect(await replaceHead(file, NEW, true)).toBe('copied');
    expect(text()).toBe(NEW + REST);
  });

  it('it may have become something else since it was looked at', () => {
    const { file, at } = place();
    const { openSync } = fs;
    vi.spyOn(fs, 'openSync').mockImplementationOnce(() => openSync(at('.'), 'r'));
    expect(() => edit(file)).toThrow(refusal('not a regular file'));
  });
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a copy at once, and nothing is left of it',
  async (signal) => {
    const { file, text, names } = place();
    const child = spawn(process.execPath, [driver, 'slow', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill(signal));
    const ended = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    expect(ended).toBe(signal);
    expect(text()).toBe(OLD + REST);
    expect(names()).toEqual(['file']);
  },
);

describe('after SIGKILL', () => {
  it.each([-1, 0, 1, 2, 9, NEW.length - 1, NEW.length])(
    '%i bytes into a new head, the file is whole',
    async (count) => {
      const { file, text, names } = place();
      expect(run('tear', file, NEW, String(count)).signal).toBe('SIGKILL');
      const torn = text();
      const whole = (count > 0 ? NEW : OLD) + REST;
      expect(await read(file)).toBe(whole);
      expect(text()).toBe(torn);
      expect(names()).toEqual(['.file.kms-asym-journal', 'file']);
      edit(file).close();
      expect(text()).toBe(whole);
      expect(names()).toEqual(['file']);
    },
  );

  it('in a copy, the next run removes what it left', async () => {
    const { file, text, names } = place();
    expect(run('copy', file, NEW).signal).toBe('SIGKILL');
    expect(text()).toBe(OLD + REST);
    expect(names()).toHaveLength(3);
    expect(await replaceHead(file)).toBe('in place');
    expect(names()).toEqual(['file']);
  });

  it('several times, the last change counts', async () => {
    const { file, text, names } = place();
    const third = '123456789012345678';
    run('tear', file, NEW, String(NEW.length));
    run('tear', file, OLD, String(OLD.length));
    run('tear', file, third, '4');
    expect(await read(file)).toBe(third + REST);
    edit(file).close();
    expect(text()).toBe(third + REST);
    expect(names()).toEqual(['file']);
  });

  it('and a journal that was cut off anywhere, the file is whole or what the journal says', async () => {
    const { file, text, at } = place();
    run('tear', file, NEW, '0');
    const journal = readFileSync(journalOf(file));
    for (let length = 0; length <= journal.length; length += 1) {
      writeFileSync(at('cut'), OLD + REST);
      writeFileSync(journalOf(at('cut')), journal, { mode: 0o600 });
      truncateSync(journalOf(at('cut')), length);
      expect(await read(at('cut'))).toBe(OLD + REST);
      edit(at('cut')).close();
      expect(readFileSync(at('cut'), 'utf8')).toBe(OLD + REST);
    }
    expect(text()).toBe(OLD + REST);
  });
});

describe('a journal', () => {
  /** A file in the middle of a change, and the journal of it. */
  function torn(): Place & { readonly journal: string } {
    const there = place();
    run('tear', there.file, NEW, '5');
    return { ...there, journal: journalOf(there.file) };
  }

  it('that was changed in any byte is not believed', async () => {
    const { file, text, journal } = torn();
    const damaged = text();
    const bytes = readFileSync(journal);
    const start = bytes.indexOf(' change ') + 1;
    for (let at = start; at < bytes.length - 1; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(journal, flipped);
      expect(await read(file)).toBe(damaged);
    }
  });

  it('of a file that became another one is dropped when the length differs', async () => {
    const { file, text, names } = torn();
    writeFileSync(file, 'something else altogether');
    expect(await read(file)).toBe('something else altogether');
    edit(file).close();
    expect(text()).toBe('something else altogether');
    expect(names()).toEqual(['file']);
  });

  it('of a file that fits neither side stays, and nothing is touched', async () => {
    const { file, text, names } = torn();
    const other = 'x'.repeat(text().length);
    writeFileSync(file, other);
    expect(() => edit(file)).toThrow(refusal('is neither what it was'));
    expect(await read(file)).toBe(other);
    expect(text()).toBe(other);
    expect(names()).toEqual(['.file.kms-asym-journal', 'file']);
  });

  it.each<[string, (journal: string) => unknown]>([
    ['others may write to', (journal) => chmodSync(journal, 0o622)],
    [
      'is a link',
      (journal) => [rmSync, (name: string) => symlinkSync('elsewhere', name)].map((step) => step(journal)),
    ],
    [
      'is a FIFO',
      (journal) => [rmSync, (name: string) => execFileSync('mkfifo', [name])].map((step) => step(journal)),
    ],
    ['has another name', (journal) => linkSync(journal, `${journal}.other`)],
    ['is a directory', (journal) => [rmSync, mkdirSync].map((step) => step(journal))],
    ['is endless', (journal) => truncateSync(journal, 2 ** 40)],
  ])('that %s is not believed, and in the way', async (_what, plant) => {
    const { file, text, journal } = torn();
    const damaged = text();
    plant(journal);
    expect(await read(file)).toBe(damaged);
    await expect(replaceHead(file, OLD, false, damaged.slice(0, OLD.length))).rejects.toThrow(
      refusal('in the way'),
    );
    expect(text()).toBe(damaged);
  });

  it('that a third user left is not believed', async () => {
    const { file, text, journal } = torn();
    const damaged = text();
    chownSync(journal, 65534, 65534);
    expect(await read(file)).toBe(damaged);
    expect(() => edit(file)).toThrow(refusal('in the way'));
    chownSync(file, 65534, 65534);
    expect(await read(file)).toBe(NEW + REST);
  });

  it('names no file elsewhere to be removed', async () => {
    const { file, at, journal, names } = torn();
    writeFileSync(at('.precious.tmp'), '');
    mkdirSync(at('d'));
    writeFileSync(at('d/.x.kms-asym-1.tmp'), '');
    const lines = ['../file', 'd/.x.kms-asym-1.tmp', 'file', '.precious.tmp', '.', '..'].map(
      (name) => `${'0'.repeat(16)} temporary ${name}\n`,
    );
    writeFileSync(journal, lines.join(''));
    edit(file).close();
    expect(names()).toEqual(['.precious.tmp', 'd', 'file']);
    expect(readdirSync(at('d'))).toEqual(['.x.kms-asym-1.tmp']);
    expect(await read(file)).toContain(REST);
  });
});

describe('two runs', () => {
  it('do not change one file at once', async () => {
    const { file, text, names } = place();
    const child = await holder(file);
    await expect(replaceHead(file)).rejects.toThrow(refusal(`process ${child.pid ?? 0}, is at work on`));
    await expect(replaceHead(file, 'short')).rejects.toThrow(refusal('is at work on'));
    expect(text()).toBe(OLD + REST);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(await replaceHead(file)).toBe('in place');
    expect(names()).toEqual(['file']);
  });

  it('or twenty leave a file that one of them made', async () => {
    const { file, text, names } = place();
    const heads = Array.from({ length: 20 }, (_, index) => NEW.slice(2).padStart(NEW.length, String(index)));
    const outputs = await Promise.all(
      heads.map((head) => {
        const child = spawn(process.execPath, [driver, 'replace', file, head], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        child.stdout.on('data', (data: Buffer) => (output += data.toString()));
        return new Promise<string>((resolve) => child.once('close', () => resolve(output)));
      }),
    );
    expect(outputs).toContain('in place\n');
    for (const output of outputs) expect(output).toMatch(/^in place$|is at work on|changed by somebody/m);
    expect(heads.map((head) => head + REST)).toContain(text());
    expect(names()).toEqual(['file']);
  });
});
