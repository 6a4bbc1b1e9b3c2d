/**
 * Bad inputs of every kind, tried on the commands that read them: each ends with a documented status and one clean error,
 * gives no secret away and leaves no file. SECURITY counts them in a table, which is compared with what is tried here.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { readVocabulary } from '../../../src/cli/completion/vocabulary.js';
import type { Context } from '../../../src/cli/context.js';
import { main } from '../../../src/cli/main.js';
import { memoryStdio } from '../memory-stdio.js';
import { answerKind } from './answer-kind.js';
import { fileKinds } from './file-kinds.js';
import type { Attempt, Kind } from './kind.js';
import { settingKinds } from './setting-kinds.js';
import { makeWorld, SECRET } from './world.js';

const folder = mkdtempSync(join(tmpdir(), 'kms-asym-bad-'));
const world = await makeWorld(inject('fixtures'), folder);
const answers = await answerKind(world);
const { commands } = await readVocabulary({} as Context);
const kinds: readonly Kind[] = [
  ...fileKinds(world, inject('fixtures')),
  ...settingKinds(world, commands),
  answers.kind,
];
afterAll(async () => {
  answers.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What lies where results go. */
  readonly left: readonly string[];
}

async function run({ argv, files = {}, env = {}, stdin = '' }: Attempt): Promise<Ended> {
  const own = mkdtempSync(join(folder, 'run-'));
  mkdirSync(join(own, 'out'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    writeFileSync(join(own, name), content);
  }
  const here = (word: string): string => word.replace(/^@\//, `${own}/`);
  const variables = Object.entries(env).map(([name, value]) => [name, value && here(value)]);
  const stdio = memoryStdio(Buffer.from(stdin));
  const status = await main(argv.map(here), {
    stdio,
    env: Object.fromEntries(variables) as NodeJS.ProcessEnv,
    interceptSignals: () => () => undefined,
  });
  const left = readdirSync(join(own, 'out'));
  rmSync(own, { recursive: true });
  return {
    status,
    stdout: stdio.output('stdout').toString(),
    stderr: stdio.output('stderr').toString(),
    left,
  };
}

const lanes = Array.from({ length: 8 }, () => Promise.resolve());
let turn = 0;

/** Eight run at a time. */
function oneOfFew<T>(start: () => Promise<T>): Promise<T> {
  const lane = turn++ % lanes.length;
  const result = (lanes[lane] ?? Promise.resolve()).then(start);
  lanes[lane] = result.then(
    () => undefined,
    () => undefined,
  );
  return result;
}

/** Notes and warnings, then one error, perhaps in the service's words too, then hints, then the count of a batch. */
const ONE_ERROR =
  /^(kms-asym: (?!error: |hint: ).+\n)*(kms-asym: error: .+\n){1,2}(kms-asym: hint: .+\n)*(kms-asym: \d+ files?: .+\n)?$/;
/** Statuses that say that something is to be typed or set in another way; then a hint says how. */
const TO_BE_MENDED = [2, 7];
// eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

/** What is wrong with how an attempt ended; empty where nothing is. */
function faultsOf({ status, stdout, stderr, left }: Ended, { ends, whole }: Kind): string[] {
  const faults = {
    'a status that is none of its kind': !ends.includes(status),
    'no error of the shape of errors': status !== 0 && !isListing(stdout) && !ONE_ERROR.test(stderr),
    'no hint': TO_BE_MENDED.includes(status) && !stderr.includes('hint: '),
    'control characters': CONTROL.test(stderr),
    'a secret': status !== 0 && `${stdout}${stderr}`.includes(SECRET),
    'a stack': /^\s+at .*:\d+/m.test(stderr),
    'a result': left.length > 0,
    'another plaintext': status === 0 && whole !== undefined && stdout !== whole,
  };
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [fault] : []));
}

/** `rewrap --check` lists what it found, and its status is the verdict. */
function isListing(stdout: string): boolean {
  return stdout.endsWith('/file.age\n');
}

it.each(kinds)('$name are refused', { timeout: 60_000 }, async (kind) => {
  const seen = new Set<number>();
  const faulty = kind.attempts.map(async (attempt) => {
    const ended = await oneOfFew(() => run(attempt));
    seen.add(ended.status);
    const faults = faultsOf(ended, kind);
    if (faults.length === 0) return [];
    return [`${attempt.title}: ${faults.join(', ')}: ${ended.status} ${ended.stdout}${ended.stderr}`];
  });
  expect((await Promise.all(faulty)).flat()).toEqual([]);
  expect([...seen].sort()).toEqual(kind.ends);
});

it('the table of SECURITY counts them', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '.github', 'SECURITY.md'), 'utf8');
  const rows = text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return /^[\d,]+$/.test(cells[2] ?? '') ? [cells.slice(1, 4).join(' | ')] : [];
  });
  const row = (name: string, count: number, ends: string): string =>
    `${name} | ${count.toLocaleString('en')} | ${ends}`;
  const sum = kinds.reduce((total, { attempts }) => total + attempts.length, 0);
  expect(rows).toEqual([
    ...kinds.map(({ name, attempts, ends }) => row(name, attempts.length, ends.join(', '))),
    row('together', sum, ''),
  ]);
});
