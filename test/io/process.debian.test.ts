import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspace } from './workspace.js';

let driver = '';

beforeAll(async () => {
  driver = join(mkdtempSync(join(tmpdir(), 'kms-asym-driver-')), 'driver.cjs');
  const build = await rolldown({ input: join(import.meta.dirname, 'driver.ts'), platform: 'node' });
  await build.write({ file: driver, format: 'cjs' });
});

afterAll(() => {
  rmSync(join(driver, '..'), { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const start = (args: string[], stdio: StdioOptions = 'pipe') =>
  spawn(process.execPath, [driver, ...args], { stdio });

function ended(child: ChildProcess): Promise<Ended> {
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, stdout: Buffer.concat(stdout), stderr }));
  });
}

/** Runs a line of bash in which `driver` is the program. */
function bash(line: string): Promise<Ended> {
  const child = spawn('bash', ['-c', `driver() { '${process.execPath}' '${driver}' "$@"; }\n${line}`]);
  return ended(child);
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stderr?.once('data', () => resolve());
  });
}

function fifo(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const OK = { status: 0, stderr: '' };

describe('stdin and stdout', () => {
  it.each([0, 1, 3_000_000])('carry %i bytes through files, pipes and FIFOs', async (length) => {
    const at = workspace();
    const content = Buffer.alloc(length, Buffer.from([0, 255, 10, 13, 26, 7]));
    writeFileSync(at('in'), content);
    fifo(at('fifo'));
    for (const line of [
      `driver copy - - < ${at('in')}`,
      `cat ${at('in')} | driver copy none none | cat`,
      `driver copy ${at('in')} /dev/stdout | cat`,
      `cat ${at('in')} | driver copy /dev/stdin -`,
      `driver copy <(cat ${at('in')}) -`,
      `cat ${at('in')} > ${at('fifo')} & driver copy ${at('fifo')} none`,
      `cat ${at('in')} > ${at('fifo')} & driver copy none none < ${at('fifo')}`,
      `driver copy ${at('in')} >(cat) ; wait $!`,
      `cat ${at('fifo')} & driver copy ${at('in')} ${at('fifo')}; wait`,
      `{ driver copy ${at('in')} /dev/fd/3 3>&1; } | cat`,
    ]) {
      const result = await bash(line);
      expect(result, line).toMatchObject(OK);
      expect(result.stdout.equals(content), line).toBe(true);
    }
  });

  it('are sockets under Node and work there', async () => {
    const child = start(['copy', 'none', 'none']);
    const end = ended(child);
    child.stdin?.write('to be ');
    setTimeout(() => child.stdin?.end('continued'), 100);
    expect(await end).toMatchObject({ ...OK, stdout: Buffer.from('to be continued') });
  });

  it('wait for a non-blocking pipe that is empty', async () => {
    const path = fifo(workspace()('fifo'));
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, 'w');
    const end = ended(start(['copy', '-', '-'], [reader, 'pipe', 'pipe']));
    closeSync(reader);
    for (const word of ['late ', 'bytes']) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      writeSync(writer, word);
    }
    closeSync(writer);
    expect(await end).toMatchObject({ ...OK, stdout: Buffer.from('late bytes') });
  });

  it('lose and mix nothing in a non-blocking pipe that is full', async () => {
    const path = fifo(workspace()('fifo'));
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const child = start(['flood'], ['ignore', writer, 'pipe']);
    const end = ended(child);
    closeSync(writer);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const chunks: Buffer[] = [];
    const buffer = Buffer.alloc(20_000);
    for (let open = true; open;) {
      try {
        const length = readSync(reader, buffer);
        open = length > 0;
        chunks.push(Buffer.from(buffer.subarray(0, length)));
      } catch {
        // Nothing there yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    closeSync(reader);
    expect(await end).toMatchObject(OK);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    expect(lines.map(Number)).toEqual(Array.from({ length: 300 }, (_, index) => index));
  });

  it('end quietly when the reader goes away', async () => {
    for (const target of ['none', '/dev/fd/1', '/dev/fd/3']) {
      const { stderr } = await bash(
        `{ yes | head -c 3000000 | driver copy none ${target} 3>&1; echo "status \${PIPESTATUS[2]}" >&2; } | head -c 0`,
      );
      expect(stderr).toMatch(/^BrokenPipe: : .*\nstatus 9\n$/);
    }
  });

  it.each(['none', '/dev/stdout', '/dev/full', '/dev/fd/3'])('report a full device: %s', async (target) => {
    const { status, stderr } = await bash(`echo x | driver copy none ${target} > /dev/full 3>&1`);
    expect(status).toBe(9);
    expect(stderr).toMatch(/^KmsAsymError: write-failed: cannot write .*: no space left on the device\n$/);
  });

  it('do not crash when the caller closed them', async () => {
    const at = workspace();
    expect(await bash(`driver copy - ${at('out')} <&-`)).toMatchObject(OK);
    expect(readFileSync(at('out'), 'utf8')).toBe('');
    expect(await bash(`echo x | driver copy - - >&-`)).toMatchObject(OK);
    expect(await bash(`echo x | driver copy - /dev/fd/99`)).toMatchObject({
      status: 9,
      stderr: 'KmsAsymError: write-failed: cannot write "/dev/fd/99": it does not exist\n',
    });
  });

  it('cannot be a directory, or a file opened for the other direction', async () => {
    const at = workspace();
    writeFileSync(at('file'), 'x');
    expect((await bash(`driver copy - - < ${at('')}`)).stderr).toContain(
      'cannot read stdin: it is a directory',
    );
    expect((await bash(`driver copy - - 0> ${at('file')}`)).stderr).toContain(
      'cannot read stdin: it is not open',
    );
    expect((await bash(`echo x | driver copy - - 1< ${at('file')}`)).stderr).toContain(
      'cannot write stdout: it is not open',
    );
  });

  it('append to a file behind a descriptor, and keep the order', async () => {
    const at = workspace();
    for (const target of ['none', '/dev/stdout', '/dev/fd/3']) {
      await bash(
        `exec 3>&1; { echo one; echo two | driver copy none ${target}; echo three; } 1>> ${at(target.slice(-1))} 3>&1`,
      );
      expect(readFileSync(at(target.slice(-1)), 'utf8')).toBe('one\ntwo\nthree\n');
    }
  });

  it('refuse to be the same file', async () => {
    const at = workspace();
    for (const line of [
      `driver copy f none >> f`,
      `driver copy - - < f >> f`,
      'driver copy none f force < f',
    ]) {
      writeFileSync(at('f'), 'x');
      expect((await bash(`cd ${at('')}; ${line}`)).stderr).toContain('same-file');
      expect(readFileSync(at('f'), 'utf8')).toBe('x');
    }
  });
});

describe('a terminal', () => {
  const onTerminal = (line: string) =>
    bash(
      `export SHELL=/bin/sh; script -qec "stty cols 77; '${process.execPath}' '${driver}' ${line}" /dev/null < /dev/null`,
    );

  it('is told from everything else', async () => {
    expect((await bash('driver describe < /dev/null 2> /dev/zero')).stdout.toString()).toBe(
      '[false,false,false,null]\n',
    );
    expect((await onTerminal('describe')).stdout.toString()).toContain('[true,true,true,77]');
    expect((await onTerminal('describe 2> /dev/null < /dev/null')).stdout.toString()).toContain(
      '[false,true,false,77]',
    );
  });

  it('is not waited for, and gets no binary data', async () => {
    expect((await onTerminal('copy none -')).stdout.toString()).toContain('KmsAsymError: usage: ');
    expect((await onTerminal('copy /dev/null none')).stdout.toString()).toContain('KmsAsymError: terminal: ');
  });

  it('is read when that was asked for', async () => {
    const at = workspace();
    const child = spawn(
      'script',
      ['-qec', `'${process.execPath}' '${driver}' copy - ${at('out')} hold`, '/dev/null'],
      {
        env: { ...process.env, SHELL: '/bin/sh' },
      },
    );
    const end = ended(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('typed\n\x04');
    expect((await end).status).toBe(0);
    expect(readFileSync(at('out'), 'utf8')).toBe('partialtyped\n');
  });
});

describe('a file that is written', () => {
  it.each([
    ['000', '666', '600'],
    ['022', '644', '600'],
    ['077', '600', '600'],
    ['777', '0', '600'],
  ])('under umask %s has mode %s, with plaintext %s', async (umask, plain, secret) => {
    const at = workspace();
    const line = `umask ${umask}; driver copy /dev/null ${at('plain')}; driver copy /dev/null ${at('secret')} secret`;
    expect(await bash(line)).toMatchObject(OK);
    expect([mode(at('plain')), mode(at('secret'))]).toEqual([plain, secret]);
  });

  it('stays as it was when there is no room for the new one', async () => {
    const at = workspace();
    writeFileSync(at('out'), 'old');
    const { status, stderr } = await bash(
      `ulimit -f 64; yes | head -c 200000 | driver copy - ${at('out')} force`,
    );
    expect(status).toBe(9);
    expect(stderr).toBe(
      `KmsAsymError: write-failed: cannot write "${at('out')}": the file would be larger than allowed\n`,
    );
    expect(readFileSync(at('out'), 'utf8')).toBe('old');
    expect(readdirSync(at(''))).toEqual(['out']);
  });

  it('leaves no temporary file after an uncaught error', async () => {
    const at = workspace();
    const { status } = await bash(`driver copy /dev/null ${at('out')} hold throw`);
    expect(status).toBe(1);
    expect(readdirSync(at(''))).toEqual([]);
  });

  it.each(['/dev/null', 'fifo'])('is written in place when it is %s', async (name) => {
    const at = workspace();
    const target = name === 'fifo' ? fifo(at(name)) : name;
    const before = statSync(target);
    expect(await bash(`cat ${target} & echo new | driver copy - ${target}; wait`)).toMatchObject(OK);
    expect(statSync(target)).toMatchObject({ ino: before.ino, mode: before.mode });
  });
});

describe('a signal', () => {
  const SIGNALS = [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const;

  it.each(SIGNALS)('%s removes the temporary file and ends the process', async (signal) => {
    for (const flags of [['timer'], []]) {
      const at = workspace();
      // A FIFO that stays silent: the read cannot be called off.
      const silent = openSync(fifo(at('fifo')), 'r+');
      writeFileSync(at('out'), 'old');
      const child = start(['copy', '-', at('out'), 'force', 'hold', ...flags], [silent, 'pipe', 'pipe']);
      const end = ended(child);
      await ready(child);
      expect(readdirSync(at(''))).toHaveLength(3);
      child.kill(signal);
      expect(await end).toMatchObject({ status: null, signal });
      closeSync(silent);
      expect(readdirSync(at('')).sort()).toEqual(['fifo', 'out']);
      expect(readFileSync(at('out'), 'utf8')).toBe('old');
    }
  });

  it.each(SIGNALS)('%s is %i in a shell', async (signal, status) => {
    const at = workspace();
    const { stderr } = await bash(
      `'${process.execPath}' '${driver}' copy /dev/null ${at('out')} hold timer & ` +
        `until ls -A ${at('')} | grep -q tmp; do sleep 0.05; done; sleep 0.1; kill -${signal} $!; wait $!; echo "status $?" >&2`,
    );
    expect(stderr).toContain(`status ${status}\n`);
    expect(readdirSync(at(''))).toEqual([]);
  });

  it('ends a process that is stuck in a pipe which nobody reads, or a FIFO which nobody writes', async () => {
    const path = fifo(workspace()('fifo'));
    const unread = openSync(path, 'r+');
    const writing = start(['copy', '/dev/zero', 'none'], ['ignore', unread, 'pipe']);
    const opening = start(['copy', fifo(workspace()('other')), 'none']);
    const ends = [ended(writing), ended(opening)];
    await new Promise((resolve) => setTimeout(resolve, 400));
    for (const child of [writing, opening]) child.kill('SIGTERM');
    for (const end of await Promise.all(ends)) expect(end.signal).toBe('SIGTERM');
    closeSync(unread);
  });

  it('SIGKILL leaves the old file, or none, and a name that tells what the rest is', async () => {
    const at = workspace();
    const child = start(['copy', '/dev/null', at('out'), 'hold', 'timer']);
    const end = ended(child);
    await ready(child);
    child.kill('SIGKILL');
    await end;
    expect(existsSync(at('out'))).toBe(false);
    expect(readdirSync(at(''))).toEqual([expect.stringMatching(/^\.out\.kms-asym-[0-9a-z]+\.tmp$/)]);
  });

  it('goes to a listener until that is released', async () => {
    const child = start(['intercept']);
    const end = ended(child);
    await ready(child);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await end).toMatchObject({ signal: 'SIGHUP', stdout: Buffer.from('SIGINT\nSIGTERM\n') });
  });
});
