/** `exec` as a parent: signals, exit statuses and streams, with the built executable. */
import type { ChildProcess } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ended, EXECUTABLE, SECRETS, useBench } from './bench.js';

const bench = useBench();
const OWN = [process.execPath, EXECUTABLE, 'exec', '--env', 'RAW=raw.enc', '--public-key', 'key.pem', '--'];

/** Writes what it gets, once for each time it gets it, and ends itself at the second line of stdin. */
const LISTENER = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']) {
    process.on(signal, () => process.stdout.write(signal + '\\n'));
  }
  process.stdin.once('data', () => process.exit(5));
  process.stdout.write('ready\\n');
`;

async function ready(child: ChildProcess): Promise<void> {
  await new Promise((resolve) => child.stdout?.once('data', resolve));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function startListener() {
  const child = bench.start([...OWN, process.execPath, '-e', LISTENER]);
  const end = ended(child);
  await ready(child);
  return { child, end };
}

describe('a signal to exec', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s reaches the command once, which decides what becomes of it',
    async (signal) => {
      const { child, end } = await startListener();
      child.kill(signal);
      await ready(child);
      await pause(200);
      child.stdin?.write('end\n');
      const { stdout, stderr, ...rest } = await end;
      expect(stdout.toString()).toBe(`ready\n${signal}\n`);
      expect(stderr).toBe('');
      expect(rest).toEqual({ status: 5, signal: null });
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGUSR1', 138],
  ] as const)('%s ends a command that does not listen, and then exec with %i', async (signal, status) => {
    const child = bench.start([...OWN, 'sh', '-c', 'echo ready; exec sleep 60']);
    const end = ended(child);
    await ready(child);
    child.kill(signal);
    expect(await end).toMatchObject({ status, signal: null, stderr: '' });
  });

  it('reaches the command as often as it is sent', async () => {
    const { child, end } = await startListener();
    for (let times = 0; times < 3; times += 1) {
      child.kill('SIGTERM');
      await ready(child);
    }
    child.stdin?.write('end\n');
    expect((await end).stdout.toString()).toBe('ready\n' + 'SIGTERM\n'.repeat(3));
  });

  it('from the keyboard of a terminal reaches the command once', async () => {
    const words = [...OWN, process.execPath, '-e', LISTENER].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    const child = bench.start(['script', '-qec', `exec ${words.join(' ')}`, '/dev/null'], {
      SHELL: '/bin/sh',
    });
    const end = ended(child);
    await ready(child);
    child.stdin?.write('\x03');
    await ready(child);
    await pause(200);
    child.stdin?.write('end\n');
    const { status, stdout } = await end;
    expect(stdout.toString().match(/SIGINT/g)).toHaveLength(1);
    expect(status).toBe(5);
  });
});

describe('exec', () => {
  it.each([0, 1, 2, 7, 127, 255])('ends with status %i when the command does', async (status) => {
    expect(await bench.run([...OWN, 'sh', '-c', `exit ${status}`])).toMatchObject({ status, stderr: '' });
  });

  it('says 128 + n of a command that was killed', async () => {
    expect(await bench.run([...OWN, 'sh', '-c', 'kill -KILL $$'])).toMatchObject({
      status: 137,
      signal: null,
    });
  });

  it('leaves the streams to the command, byte for byte', async () => {
    const text = Array.from({ length: 50_000 }, (_, index) => `line ${index}`).join('\n');
    const { status, stdout, stderr } = await bench.run(
      [...OWN, 'sh', '-c', 'cat; printf "\\377\\000"; echo error >&2'],
      {},
      text,
    );
    expect([status, stderr]).toEqual([0, 'error\n']);
    expect(stdout.equals(Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0])]))).toBe(true);
  });

  it('hands over its arguments as they are, also those that look like its own', async () => {
    const args = ['--dotenv-file', '-q', '--', '--json', '', 'a b', '$RAW', '*', "'"];
    const { stdout } = await bench.run([
      ...OWN,
      process.execPath,
      '-p',
      'JSON.stringify(process.argv.slice(1))',
      '--',
      ...args,
    ]);
    expect(JSON.parse(stdout.toString())).toEqual(args);
  });

  it('reads a secret from stdin, and leaves the command none', async () => {
    const line = [
      process.execPath,
      EXECUTABLE,
      'exec',
      '--env',
      'RAW=-',
      '--public-key',
      'key.pem',
      '--',
      'sh',
      '-c',
    ];
    const quoted = [...line, 'printf %s "$RAW"; cat'].map((word) => `'${word}'`).join(' ');
    expect((await bench.run(['sh', '-c', `cat raw.enc | ${quoted}`])).stdout.toString()).toBe(SECRETS.RAW);
  });
});
