/** Progress of long runs, on a real terminal and on none; the clock is a pipe that is slow. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';

const run = promisify(execFile);
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
const KEY = join(inject('fixtures'), 'rsa2048.pem');
/** 3 MiB within two and a half seconds, then the end. */
const SLOW = '(for n in 1 2 3 4 5; do head -c 629146 /dev/zero; sleep 0.6; done)';

const bash = async (line: string): Promise<{ stdout: string; stderr: string }> =>
  run('bash', ['--norc', '-c', line], {
    encoding: 'latin1',
    env: { PATH: process.env['PATH'], TERM: 'xterm' },
  });

/** What a terminal gets that is stderr of the line. */
async function onTerminal(line: string): Promise<string> {
  return (await bash(`script -qec ${JSON.stringify(line)} /dev/null < /dev/null`)).stdout;
}

it('counts bytes and rate on a terminal after two seconds, and leaves nothing behind', async () => {
  const shown = await onTerminal(
    `${SLOW} | ${EXECUTABLE} encrypt --public-key ${KEY} --format age > /dev/null`,
  );
  expect(shown).toMatch(/\d+\.\d MiB {2}\d+\.\d MiB\/s/);
  // Lines go on wrapping: nothing could turn that on again after a signal.
  expect(shown).not.toContain('\x1b[?');
  // The line is taken away at the end.
  // eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
  expect(shown).toMatch(/\x1b\[(0|2)?K[\s\x1b[\]\d?;A-Za-z]*$/);
});

it.each(['-q', '--json -o /dev/null'])('shows nothing with %s', async (flags) => {
  const to = flags === '-q' ? '> /dev/null' : '';
  const shown = await onTerminal(
    `${SLOW} | ${EXECUTABLE} encrypt --public-key ${KEY} --format age ${flags} ${to}`,
  );
  expect(shown).not.toContain('MiB');
});

it('shows nothing where nobody looks', async () => {
  const { stderr } = await bash(
    `${SLOW} | ${EXECUTABLE} encrypt --public-key ${KEY} --format age > /dev/null`,
  );
  expect(stderr).toBe('');
});

it('shows nothing for what is quick', async () => {
  const shown = await onTerminal(
    `head -c 1000000 /dev/zero | ${EXECUTABLE} encrypt --public-key ${KEY} --format age > /dev/null`,
  );
  expect(shown).toBe('');
});
