/** Completions in real shells: bash and zsh at a terminal where somebody presses the tabulator, fish by its own `complete -C`. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Shell } from './shell.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'kms-asym.cjs');

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-asym-completion-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'kms-asym'), `#!/bin/sh\nexec '${process.execPath}' '${EXECUTABLE}' "$@"\n`);
  chmodSync(join(bin, 'kms-asym'), 0o755);
  env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, LC_ALL: 'C.UTF-8' };
  const work = join(folder, 'work');
  mkdirSync(join(work, 'results'), { recursive: true });
  copyFileSync(join(inject('fixtures'), 'rsa2048.pem'), join(work, 'key.pem'));
  writeFileSync(join(work, 'plain text'), 'secret');
  writeFileSync(join(work, ODD), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const scriptFor = (shell: string): string =>
  execFileSync('kms-asym', ['completion', shell], { env, encoding: 'utf8' });

/** A name that would run something where it is not quoted. */
const ODD = 'odd$(touch pwned);`touch pwned`&';

/** What is typed, without the last tabulator, and the words that are there in the end. */
const CASES = [
  ['enc', 'encrypt'],
  ['schedule', 'schedule-key-deletion'],
  ['completion fi', 'completion fish'],
  ['encrypt --form', 'encrypt --format'],
  ['encrypt --format oa', 'encrypt --format oaep'],
  ['encrypt --format=oa', 'encrypt --format=oaep'],
  ['--region cn-hangzhou insp', '--region cn-hangzhou inspect'],
  ['encrypt --verb', 'encrypt --verbose'],
  ['encrypt --public-key k', 'encrypt --public-key key.pem'],
  ['encrypt --public-key=k', 'encrypt --public-key=key.pem'],
  ['encrypt -R k', 'encrypt -R key.pem'],
  ['inspect pl', 'inspect plain text'],
  ['inspect odd', `inspect ${ODD}`],
  ['-q inspect --json pl', '-q inspect --json plain text'],
  ['decrypt --output-dir r', 'decrypt --output-dir results/'],
  ['--ca-file k', '--ca-file key.pem'],
  ['exec --env TOKEN=k', 'exec --env TOKEN=key.pem'],
  ['exec --env TOKEN=x -- kms-as', 'exec --env TOKEN=x -- kms-asym'],
  ['exec --env TOKEN=x -- cat k', 'exec --env TOKEN=x -- cat key.pem'],
  ['emulator --service-mode ins', 'emulator --service-mode instance'],
  // Neither names of files nor anything else where nobody knows what there could be.
  ['encrypt --key-id k', 'encrypt --key-id k'],
  ['exec --env k', 'exec --env k'],
  ['list-keys k', 'list-keys k'],
] as const;

describe.each([
  ['bash', 'bash --norc -i', []],
  ['zsh', 'zsh -f -i', ['autoload -Uz compinit; compinit -D -u']],
] as const)('%s', (name, command, preparation) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = new Shell(command, join(folder, 'work'), env);
    for (const line of [...preparation, `source <(kms-asym completion ${name})`]) await shell.run(line);
    await shell.run('show() { printf "%s\\n" "$*" > shown; }');
  });
  afterAll(() => shell.close());

  it.each(CASES)('%s', async (typed, expected) => {
    // Back to the beginning of the line, so that it is shown and not run.
    shell.type(`kms-asym ${typed}\t\x01`);
    await shell.run('show ');
    const shown = readFileSync(join(folder, 'work', 'shown'), 'utf8').trim();
    // Zsh takes a slash back when something else is typed than more of the path.
    expect(shown.replace(/\/$/, '')).toBe(`kms-asym ${expected}`.replace(/\/$/, ''));
    expect(existsSync(join(folder, 'work', 'pwned'))).toBe(false);
  });

  it('types most of a command line that does what it says', async () => {
    rmSync(join(folder, 'work', 'out.enc'), { force: true });
    await shell.run('kms-asym enc\t--pub\tk\t--form\toa\t-o out.enc pl\t');
    await shell.run('kms-asym insp\t--js\tout\t > shown');
    const shown = readFileSync(join(folder, 'work', 'shown'), 'utf8');
    expect(JSON.parse(shown)).toMatchObject({ Input: 'out.enc', Format: 'oaep' });
  });
});

describe('fish', () => {
  const complete = (typed: string): string[] => {
    writeFileSync(join(folder, 'kms-asym.fish'), scriptFor('fish'));
    const line = `source ../kms-asym.fish; complete -C $argv[1]`;
    const args = ['--no-config', '-c', line, `kms-asym ${typed}`];
    const { stdout, stderr } = spawnSync('fish', args, { cwd: join(folder, 'work'), env, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((candidate) => candidate.split('\t', 1).join());
  };

  it.each(CASES)('%s', (typed, expected) => {
    const [last = ''] = /\S*$/.exec(typed) ?? [];
    const candidates = complete(typed);
    const before = typed.slice(0, typed.length - last.length);
    expect(candidates.length === 0 ? [typed] : candidates.map((each) => before + each)).toEqual([expected]);
  });
});

it.each(['bash', 'zsh', 'fish'])('%s reads its script without running it', (shell) => {
  const file = join(folder, 'script');
  writeFileSync(file, scriptFor(shell));
  const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, '']);
});

it('bash offers all there is where nothing is typed', () => {
  const candidates = (words: readonly string[]): string[] => {
    const script = `${scriptFor('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kms_asym; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const args = ['--norc', '-c', script, 'bash', 'kms-asym', ...words];
    return execFileSync('bash', args, { env, encoding: 'utf8' }).trim().split('\n');
  };
  expect(candidates(['encrypt', '--format', ''])).toEqual(['auto', 'oaep', 'age']);
  expect(candidates(['completion', ''])).toEqual(['bash', 'zsh', 'fish']);
  expect(candidates([''])).toContain('create-key');
  expect(candidates(['verify', '-'])).toEqual(
    expect.arrayContaining(['--signature', '--region', '-q', '--help']),
  );
});
