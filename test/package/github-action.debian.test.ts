/** The action for GitHub's workflows: its steps, run for real against the emulator, as the runner would run them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { readVocabulary } from '../../src/cli/completion/vocabulary.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';

interface Action {
  readonly inputs: Record<
    string,
    { readonly description: string; readonly default?: string; readonly required?: boolean }
  >;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}
interface Step {
  readonly shell: string;
  readonly run: string;
  readonly env?: Record<string, string>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, '.github', 'actions', 'exec');
const action = parse(readFileSync(join(FOLDER, 'action.yml'), 'utf8')) as Action;
/** Inputs that are no options of `exec`. */
const OWN = ['run', 'role-arn', 'oidc-provider-arn', 'audience'];
const SECRETS = { DB_USER: 'us3r-of-the-db', DB_PASSWORD: "p@ss '$HOME' `id`" };

let work: string;
let emulator: Emulator;
let env: NodeJS.ProcessEnv;

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bash(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      'bash',
      args,
      { cwd: join(work, 'repository'), env: { ...env, ...more } },
      (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

/** What the runner does with a composite action: expressions are replaced, then each step is a script of its own. */
async function runAction(inputs: Record<string, string>, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
  let last: Ended = { status: 0, stdout: '', stderr: '' };
  for (const { run, env: stepEnv = {} } of action.runs.steps) {
    const values = Object.entries(stepEnv).map(([name, expression]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1] ?? '';
      return [name, inputs[input] ?? action.inputs[input]?.default ?? ''];
    });
    const script = join(work, 'runner', 'script.sh');
    writeFileSync(script, run);
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', script];
    last = await bash(args, { ...(Object.fromEntries(values) as NodeJS.ProcessEnv), ...more });
    if (last.status !== 0) break;
  }
  return last;
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'kms-asym-action-'));
  for (const folder of ['repository', 'runner']) mkdirSync(join(work, folder));
  emulator = await startEmulator({ hsm: 'software' });
  env = emulatorEnvironment(emulator, {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: work,
    RUNNER_TEMP: join(work, 'runner'),
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION_PATH: FOLDER,
  });
  const kms = `'${process.execPath}' '${join(ROOT, 'dist', 'kms-asym.cjs')}'`;
  writeFileSync(
    join(work, 'repository', 'secrets.env'),
    `DB_USER=${SECRETS.DB_USER}\nDB_PASSWORD="${SECRETS.DB_PASSWORD}"\nOTHER=x\n`,
  );
  writeFileSync(join(work, 'repository', 'token'), 't0ken');
  const { status, stderr } = await bash([
    '-ec',
    [
      `${kms} create-key -q --alias alias/ci`,
      `${kms} get-public-key --key-id alias/ci -o ci.pem`,
      `${kms} encrypt --public-key ci.pem --format age secrets.env -o secrets.env.age`,
      `${kms} encrypt --public-key ci.pem --format oaep token -o token.enc`,
      'rm secrets.env token',
    ].join('\n'),
  ]);
  expect(status, stderr).toBe(0);
});
afterAll(async () => {
  await emulator.close();
  rmSync(work, { recursive: true, force: true });
});

describe('the definition', () => {
  it('puts no expression into a script, and every input into a variable', () => {
    const { steps } = action.runs;
    expect(action.runs.using).toBe('composite');
    expect(steps.map(({ run, shell }) => [shell, run.includes('${{')])).toEqual(
      steps.map(() => ['bash', false]),
    );
    const variables = Object.assign({}, ...steps.map((step) => step.env ?? {})) as Record<string, string>;
    const expected = Object.keys(action.inputs).map((name) => [
      `INPUT_${name.toUpperCase().replaceAll('-', '_')}`,
      `\${{ inputs.${name} }}`,
    ]);
    expect(variables).toEqual(Object.fromEntries(expected));
  });

  it('names its inputs as exec names its options', async () => {
    const { commands, options } = await readVocabulary({} as never);
    const flags = [...options, ...(commands.find(({ name }) => name === 'exec')?.options ?? [])].flatMap(
      (each) => each.flags,
    );
    const inputs = Object.keys(action.inputs).filter((name) => !OWN.includes(name));
    expect(inputs.filter((name) => !flags.includes(`--${name}`))).toEqual([]);
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(OWN));
    for (const { description } of Object.values(action.inputs)) expect(description).not.toBe('');
  });
});

describe('a run', () => {
  it('gives the command what files hold, masked, and leaves nothing behind', async () => {
    const { status, stdout, stderr } = await runAction({
      run: 'set -u\nprintf "%s\\n" "$DB_USER" "$DB_PASSWORD" "$TOKEN"; compgen -v INPUT_ || echo none',
      'dotenv-file': '\nsecrets.env.age\n',
      env: 'TOKEN=token.enc\n',
      only: 'DB_USER\nDB_PASSWORD\n',
      'public-key': 'ci.pem',
    });
    expect(status, stderr).toBe(0);
    expect(stdout).toBe(`${SECRETS.DB_USER}\n${SECRETS.DB_PASSWORD}\nt0ken\nnone\n`);
    expect(stderr.split('\n').filter((line) => line.startsWith('::add-mask::'))).toEqual([
      `::add-mask::${SECRETS.DB_USER}`,
      `::add-mask::${SECRETS.DB_PASSWORD}`,
      '::add-mask::t0ken',
    ]);
    expect(readdirSync(join(work, 'runner'))).toEqual(['script.sh']);
  });

  it('ends as the command does, which stops at its first failure', async () => {
    const ended = await runAction({ run: 'false\necho on', 'dotenv-file': 'secrets.env.age' });
    expect([ended.status, ended.stdout]).toEqual([1, '']);
    expect((await runAction({ run: 'exit 7', 'dotenv-file': 'secrets.env.age' })).status).toBe(7);
    expect((await runAction({ run: 'true', 'dotenv-file': 'missing.age' })).status).toBe(5);
    expect((await runAction({ run: 'true', env: 'TOKEN=token.enc' })).status).toBe(2);
  });

  it('has kms-asym for the command, also without secrets in its environment', async () => {
    const run = 'kms-asym decrypt --public-key ci.pem token.enc';
    expect(await runAction({ run })).toMatchObject({ status: 0, stdout: 't0ken' });
  });

  it.each([
    ['dotenv-file', '$(touch injected)'],
    ['dotenv-file', '--env=PATH=x'],
    ['env', 'A=`touch injected`'],
    ['env', 'A=x"; touch injected; "'],
    ['only', '$(touch injected)'],
    ['public-key', "'; touch injected; '"],
    ['public-key', '-q'],
    ['region', '${IFS}x;touch injected'],
  ])('takes %s %j for what it is: no words for a shell, no option', async (input, value) => {
    const inputs = { run: 'true', 'dotenv-file': 'secrets.env.age', env: 'TOKEN=token.enc', [input]: value };
    const { status, stderr } = await runAction(inputs);
    expect([2, 3, 5, 7], stderr).toContain(status);
    expect(readdirSync(join(work, 'repository'))).not.toContain('injected');
    expect(stderr).not.toContain(SECRETS.DB_USER);
  });
});

describe('a role by OIDC', () => {
  it('is taken on with a token of this job, in a file that is gone afterwards', async () => {
    const asked: IncomingMessage[] = [];
    const issuer = createServer((request, response) => {
      asked.push(request);
      response.end(JSON.stringify({ value: 'header.claims.signature' }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void issuer.close());
    const { port } = issuer.address() as AddressInfo;
    const inputs = {
      run: 'stat -c %a "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"; cat "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"; echo; echo "$ALIBABA_CLOUD_ROLE_ARN $ALIBABA_CLOUD_OIDC_PROVIDER_ARN"',
      'role-arn': 'acs:ram::1:role/ci',
      'oidc-provider-arn': 'acs:ram::1:oidc-provider/github',
      audience: 'a b&c',
    };
    const { status, stdout, stderr } = await runAction(inputs, {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job',
    });
    expect(status, stderr).toBe(0);
    expect(stdout).toBe('600\nheader.claims.signature\nacs:ram::1:role/ci acs:ram::1:oidc-provider/github\n');
    expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/token?api-version=2&audience=a+b%26c', 'bearer of-the-job'],
    ]);
    expect(readdirSync(join(work, 'runner'))).toEqual(['script.sh']);
  });

  it('needs the permission, and says so', async () => {
    const { status, stdout, stderr } = await runAction({ run: 'echo ran', 'role-arn': 'acs:ram::1:role/ci' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('permissions: id-token: write');
  });
});
