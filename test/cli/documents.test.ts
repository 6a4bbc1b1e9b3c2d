/** The README and the guides say what the code says. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { MAX_HEADER_BYTES, MAX_STANZAS } from '../../src/age/header.js';
import { MAX_UNWRAP_CALLS } from '../../src/age/kms-identity.js';
import { readVocabulary } from '../../src/cli/completion/vocabulary.js';
import { BROKEN_PIPE_STATUS, EXIT_MEANINGS, EXIT_STATUS } from '../../src/cli/exit-codes.js';
import { DEFAULT_OAEP_ALGORITHM, maxPlaintextBytes, RSA_KEY_SPECS } from '../../src/crypto/algorithms.js';
import { main } from '../../src/cli/main.js';
import { VERSION } from '../../src/version.js';
import { documentAt, DOCUMENTS, sectionOf } from './documents.js';
import { memoryStdio } from './memory-stdio.js';

const ROOT = join(import.meta.dirname, '..', '..');
const README = documentAt('README.md');
const GUIDE = documentAt('.github/GUIDE.md');

const vocabulary = await readVocabulary({} as never);
const flagsOf = (options: readonly { readonly flags: readonly string[] }[]): string[] =>
  options.flatMap(({ flags }) => flags);

/** First cells of the rows of a table. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| (.+?) +\|/gm)].map(([, cell = '']) => cell);

/** Help of every command. */
async function allHelp(): Promise<string> {
  const stdio = memoryStdio();
  for (const { name } of vocabulary.commands)
    await main([name, '--help'], { stdio, env: {}, interceptSignals: () => () => undefined });
  return stdio.output('stdout').toString();
}

it('the README and the code agree on what exit statuses mean', () => {
  const section = sectionOf(README, 'Exit status');
  const rows = [...section.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, status, meaning]) => [
    status,
    meaning,
  ]);
  expect(Object.fromEntries(rows)).toEqual(EXIT_MEANINGS);
  expect(section).toContain(`${BROKEN_PIPE_STATUS}: the reader of a pipe went away`);
});

it('every error code has an exit status of the table', () => {
  for (const status of Object.values(EXIT_STATUS))
    expect(Object.keys(EXIT_MEANINGS)).toContain(String(status));
});

it('the test command of the README is the one that continuous integration runs', () => {
  const command = 'npm ci && npm test';
  expect(README).toContain(`\`\`\`sh\n${command}\n\`\`\``);
  expect(readFileSync(join(ROOT, '.ci', 'run'), 'utf8')).toContain(`\n${command}\n`);
});

it('the changelog tells of this version, as a release needs it', () => {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const [, version, rest = ''] =
    /^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d\n([^]*?)(?=^## |(?![^]))/m.exec(changelog) ?? [];
  expect(version).toBe(VERSION);
  expect(rest).toContain('### ');
});

it('the sizes of the README are those of the code', () => {
  const specs = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
  const bytes = specs.map((spec) => maxPlaintextBytes(RSA_KEY_SPECS[spec], DEFAULT_OAEP_ALGORITHM));
  expect(README.replaceAll('\n', ' ')).toContain(
    `${bytes.slice(0, 2).join(', ')} or ${bytes[2] ?? ''} bytes (${specs.join(', ')})`,
  );
  const limits = sectionOf(README, 'Limits');
  expect(limits).toContain(`up to ${MAX_HEADER_BYTES / 1024 ** 2} MiB and ${MAX_STANZAS} recipients`);
  expect(limits).toContain(`at most ${MAX_UNWRAP_CALLS} calls to KMS`);
});

it('the README stays as short as three minutes of reading', () => {
  const prose = README.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/^[|<].*$/gm, '');
  expect(prose.split(/\s+/).length).toBeLessThan(1000);
});

it('the guide names every command', () => {
  const missing = vocabulary.commands.filter(({ name }) => !GUIDE.includes(`\`${name}\``));
  expect(missing.map(({ name }) => name)).toEqual(['completion']);
  expect(sectionOf(GUIDE, 'Completion')).toContain('kms-asym completion');
});

it.each([...DOCUMENTS])('the commands and options that %s names are there', (_path, text) => {
  const code = [...text.matchAll(/^```sh\n([^]*?)^```$|`([^`\n]+)`/gm)].map(
    ([, lines, span]) => lines ?? span ?? '',
  );
  const ours = code.filter((words) => !/^(npm|npx|aliyun|docker) /.test(words)).join('\n');
  const commands = [...ours.matchAll(/(?<![\w./])kms-asym (?:-q )?([a-z][a-z-]+)/g)].map(([, name]) => name);
  const known = vocabulary.commands.map(({ name }) => name);
  expect(commands.filter((name) => name === undefined || !known.includes(name))).toEqual([]);
  const options = [...ours.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);
  const all = [
    ...flagsOf(vocabulary.options),
    ...vocabulary.commands.flatMap((each) => flagsOf(each.options)),
  ];
  expect(options.filter((flag) => !all.includes(flag))).toEqual([]);
});

/** Flags in lines of `text` that the command they are given to does not have. */
function strayFlags(text: string): string[] {
  const calls = text
    .replaceAll(/'[^']*'| #.*$/gm, '')
    .split(/\n|[|;()]|&&/)
    .map((line) => /^kms-asym (?:-q )?([a-z-]+)\b(.*?)(?: -- .*)?$/.exec(line.trim()));
  return calls.flatMap((call) => {
    const command = vocabulary.commands.find(({ name }) => name === call?.[1]);
    if (command === undefined) return [];
    const known = [...flagsOf(vocabulary.options), ...flagsOf(command.options)];
    const given = call?.[2]?.match(/(?<= )(--[a-z][a-z-]*|-[a-zA-Z0])(?= |=|$)/g) ?? [];
    return given.filter((flag) => !known.includes(flag)).map((flag) => `${command.name} ${flag}`);
  });
}

it.each([...DOCUMENTS])('each command in %s is given options of its own', (_path, text) => {
  const code = [...text.matchAll(/^```(?:sh|yaml)\n([^]*?)^```$|`(kms-asym [^`\n]+)`/gm)];
  expect(strayFlags(code.map(([, lines, span]) => lines ?? span ?? '').join('\n'))).toEqual([]);
});

it('so are the commands in the examples of help', async () => {
  expect(strayFlags(await allHelp())).toEqual([]);
  expect(strayFlags('kms-asym inspect --fresh -r x | kms-asym encrypt -a -- --fresh')).toEqual([
    'inspect --fresh',
    'inspect -r',
  ]);
});

it('the options of the emulator are those of the table, each under its name in programs', () => {
  const section = sectionOf(documentAt('.github/EMULATOR.md'), 'Running it');
  const table = firstCells(section).flatMap((cell) => cell.match(/--?[a-z][a-z-]*/g) ?? []);
  const emulator = vocabulary.commands.find(({ name }) => name === 'emulator')?.options ?? [];
  const names = flagsOf(emulator).filter((flag) => flag !== '-h' && flag !== '--help');
  expect(table.sort()).toEqual([...names, '--region', '-v'].sort());
  const options = readFileSync(join(ROOT, 'src', 'emulator', 'options.ts'), 'utf8');
  const members = [...section.matchAll(/^\| [^|]+\| `(\w+)/gm)].map(([, member = '']) => member);
  expect(members.filter((member) => !options.includes(`  readonly ${member}?:`))).toEqual([]);
});

it('the guide names every variable that help names', async () => {
  const variables = new Set((await allHelp()).match(/\b(KMS_ASYM|ALIBABA_CLOUD)_[A-Z_]+/g));
  expect(variables.size).toBeGreaterThan(5);
  const settings = sectionOf(GUIDE, 'Settings');
  expect([...variables].filter((variable) => !settings.includes(variable))).toEqual([]);
});

it('the defaults of the guide are those of help', async () => {
  const help = (await allHelp()).replaceAll(/\s+/g, ' ');
  const told = [...GUIDE.matchAll(/`(--[a-z-]+)`[\w\s]*\((\d+)[;)]/g)];
  expect(told.map(([, flag]) => flag)).toEqual(
    expect.arrayContaining(['--qps', '--retry-count', '--timeout', '--connect-timeout', '--read-timeout']),
  );
  for (const [, flag = '', value = ''] of told)
    expect(help).toMatch(new RegExp(`${flag} <\\w+> [^<]*\\(default: ${value}\\)`));
});

it.each([...DOCUMENTS])('the links of %s lead somewhere', (path, text) => {
  const slug = (title: string): string =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)].filter(([, link = '']) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', fragment] = link.split('#');
    const target = join(ROOT, file === '' ? path : join(dirname(path), file));
    if (!existsSync(target)) return true;
    const titles = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      slug(title),
    );
    return fragment !== undefined && !titles.includes(fragment);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});
