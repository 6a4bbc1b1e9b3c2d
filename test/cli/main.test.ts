import { expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { printable, Terminal, wantsColor } from '../../src/cli/terminal.js';
import { KmsAsymError } from '../../src/errors.js';
import { BrokenPipe, type Stdio } from '../../src/io/stdio.js';
import { memoryStdio } from './memory-stdio.js';

const interceptSignals = () => () => undefined;

function failing(stream: 'stdout' | 'stderr', error: Error): Stdio {
  const stdio = memoryStdio();
  return { ...stdio, [stream]: { isTerminal: false, write: () => Promise.reject(error) } };
}

it('ends like any filter when the reader of its output went away', async () => {
  const stdio = failing('stdout', new BrokenPipe());
  expect(await main(['--version'], { stdio, env: {}, interceptSignals })).toBe(141);
});

it('says nothing of an unexpected error but its kind, which may hold a secret', async () => {
  const stdio = memoryStdio();
  const broken = {
    ...stdio,
    stdout: { isTerminal: false, write: () => Promise.reject(new TypeError('hunter2')) },
  };
  expect(await main(['--version'], { stdio: broken, env: {}, interceptSignals })).toBe(1);
  const said = stdio.output('stderr').toString();
  expect(said).toContain('TypeError');
  expect(said).not.toContain('hunter2');
});

it.each(['EMFILE', 'ENFILE'])('says what helps when the system gives no more files: %s', async (code) => {
  const stdio = memoryStdio();
  const error = Object.assign(new Error('hunter2'), { code });
  const broken = { ...stdio, stdout: { isTerminal: false, write: () => Promise.reject(error) } };
  expect(await main(['--version'], { stdio: broken, env: {}, interceptSignals })).toBe(5);
  expect(stdio.output('stderr').toString()).toMatch(
    /^kms-asym: error: cannot read [^:]*: too many open files/,
  );
});

it('still tells by its exit status when stderr is closed', async () => {
  const stdio = failing('stderr', new KmsAsymError('write-failed', 'closed'));
  expect(await main(['nonsense'], { stdio, env: {}, interceptSignals })).toBe(2);
});

it.each([
  ['a\nkms-asym: hint: b', "unknown command 'a\ufffdkms-asym: hint: b'", []],
  ['a\n(Did you mean b?)', "unknown command 'a\ufffd(Did you mean b?)'", []],
  ['encrpyt\n', "unknown command 'encrpyt\ufffd'", ['Did you mean encrypt?']],
  ['--jsno\n', "unknown option '--jsno\ufffd'", ['Did you mean --json?']],
])('lets %j on the command line begin no line of its own', async (word, message, suggestions) => {
  const stdio = memoryStdio();
  expect(await main([word], { stdio, env: {}, interceptSignals })).toBe(2);
  const hints = [...suggestions, 'kms-asym --help'];
  const lines = [`error: ${message}`, ...hints.map((hint) => `hint: ${hint}`)];
  expect(stdio.output('stderr').toString()).toBe(lines.map((line) => `kms-asym: ${line}\n`).join(''));
});

it('prints help for every command, within the width of the terminal', async () => {
  for (const command of ['create-key', 'get-public-key', 'encrypt', 'decrypt', 'doctor', 'emulator']) {
    const stdio = memoryStdio(undefined, ['stdout']);
    expect(await main([command, '--help'], { stdio, env: {}, interceptSignals })).toBe(0);
    const help = stdio.output('stdout').toString();
    expect(help).toContain(`Usage: kms-asym ${command}`);
    expect(help).toContain('Global Options:');
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  }
});

it.each([
  ['a carriage return', 'a\rb'],
  ['an escape sequence', 'a\u001b[2Jb'],
  ['a C1 control', 'a\u009bb'],
  ['a right-to-left override', 'a\u202eb'],
  ['a zero-width space', 'a\u200bb'],
  ['a newline', 'a\nb'],
])('prints %s as a replacement character', (_what, text) => {
  expect(printable(text)).toMatch(/^a\ufffd(\[2J)?b$/);
});

it('cuts overlong lines', () => {
  expect(printable('x'.repeat(10_000)).length).toBe(4001);
});

it.each<[NodeJS.ProcessEnv, boolean, boolean]>([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ TERM: 'dumb' }, true, false],
])('with %j on a terminal (%s) colours are wanted: %s', (env, isTerminal, wanted) => {
  expect(wantsColor(env, isTerminal)).toBe(wanted);
});

it('is silent about notes with --quiet and about details without --verbose', async () => {
  const stdio = memoryStdio();
  const terminal = new Terminal(stdio, {}, { json: false, quiet: true, verbose: false });
  await terminal.note('a note');
  await terminal.detail('a detail');
  expect(stdio.output('stderr').toString()).toBe('');
  await terminal.warn('a warning');
  terminal.verbosity = { json: true, quiet: false, verbose: true };
  await terminal.note('a note');
  await terminal.detail('a detail');
  await terminal.warn('another');
  expect(stdio.output('stderr').toString()).toBe('kms-asym: warning: a warning\n{"Warning":"another"}\n');
});
