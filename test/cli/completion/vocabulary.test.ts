/** The scripts say what the definitions of the commands say, all of it, and nothing that is hidden. */
import { describe, expect, it } from 'vitest';
import { readVocabulary } from '../../../src/cli/completion/vocabulary.js';
import { main } from '../../../src/cli/main.js';
import { memoryStdio } from '../memory-stdio.js';

async function run(...argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const stdio = memoryStdio();
  const status = await main(argv, { stdio, env: {}, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

const vocabulary = await readVocabulary({} as never);

it('knows what kind of value each option takes', () => {
  const kinds = new Map<string, string[]>();
  for (const { name, options } of vocabulary.commands) {
    for (const { flags, value } of options) {
      const kind = value === undefined ? 'none' : 'words' in value ? 'words' : value.kind;
      kinds.set(kind, [...(kinds.get(kind) ?? []), `${name} ${flags.at(-1) ?? ''}`]);
    }
  }
  expect(kinds.get('assignment')).toEqual(['exec --env']);
  expect(kinds.get('directory')).toEqual([
    'encrypt --output-dir',
    'decrypt --output-dir',
    'emulator --state',
  ]);
  expect(kinds.get('words')).toContain('encrypt --format');
  expect(kinds.get('none')).toContain('rewrap --fresh');
  expect(kinds.get('file')).toEqual(
    expect.arrayContaining([
      'encrypt --public-key',
      'verify --signature',
      'schedule-key-deletion --unless-used-by',
    ]),
  );
});

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  it('gets every command, option and choice', async () => {
    const { status, stdout } = await run('completion', shell);
    expect(status).toBe(0);
    const spelled = (flag: string): string => {
      if (shell !== 'fish') return flag;
      return flag.startsWith('--') ? `-l ${flag.slice(2)} ` : `-s ${flag.slice(1)} `;
    };
    for (const { name, options } of vocabulary.commands) {
      expect(stdout).toContain(name);
      for (const { flags, value } of options) {
        for (const flag of flags) expect(stdout).toContain(spelled(flag));
        if (value && 'words' in value) expect(stdout).toContain(value.words.join(' '));
      }
    }
    expect(stdout).not.toMatch(/(--| )env-file/);
  });
});

it('another shell is refused with those that there are', async () => {
  const { status, stderr } = await run('completion', 'csh');
  expect([status, stderr]).toEqual([
    2,
    "kms-asym: error: command-argument value 'csh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.\nkms-asym: hint: kms-asym completion --help\n",
  ]);
});
