/** Every block of shell in the README is run as it stands there, or says that it is not. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { blocksIn, README, shellIn } from './readme-shell.js';

const DIST = join(import.meta.dirname, '..', '..', 'dist');

let dir: string;
let emulator: Emulator;
let shell: ReturnType<typeof shellIn>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-readme-'));
  emulator = await startEmulator({ hsm: 'software' });
  mkdirSync(join(dir, 'bin'));
  for (const name of ['kms-asym', 'age-plugin-alikms']) {
    const program = join(dir, 'bin', name);
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${DIST}/${name}.cjs' "$@"\n`);
    chmodSync(program, 0o755);
  }
  shell = shellIn(dir, emulator, `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`);
});
afterEach(async () => {
  await emulator.close();
  rmSync(dir, { recursive: true });
});

const KEY =
  'kms-asym create-key -q --alias alias/backup; kms-asym get-public-key --key-id alias/backup -o backup.pem';
const DEPLOY = `${KEY}; printf 'echo "$DB_USER $DB_PASSWORD $TOKEN"\\n' > deploy.sh; chmod +x deploy.sh
printf 'DB_USER=me\\nDB_PASSWORD=p@ss\\n' > deploy.env; printf t0ken > token
kms-asym encrypt --public-key backup.pem token -o token.enc`;

interface Run {
  readonly before?: string;
  /** Names on this machine in place of those in the README. */
  readonly instead?: readonly [string, string];
  readonly status?: number;
  /** The end of what the block prints. */
  readonly prints?: string | RegExp;
  /** Prints what is there afterwards. */
  readonly after?: readonly [string, string];
}

/** By the beginning of each block. */
const RUN: Readonly<Record<string, Run>> = {
  'kms-asym create-key --alias alias/backup ': {
    before: 'echo this is plaintext > secret.txt',
    prints: 'this is plaintext\n',
  },
  'tar c /srv/data': {
    before: `${KEY}; mkdir -p srv/data srv/restored; echo one > srv/data/one`,
    instead: ['/srv', './srv'],
    after: ['cat srv/restored/srv/data/one', 'one\n'],
  },
  'kms-asym encrypt --public-key backup.pem secrets': {
    before: `${KEY}; mkdir secrets; echo A=1 > secrets/a.env; echo B=2 > secrets/b`,
    after: [
      'cat secrets-again/a.env secrets-again/b; find encrypted -type f | sort',
      'A=1\nB=2\nencrypted/a.env.age\nencrypted/b.age\nencrypted/secrets-again/a.env.age\nencrypted/secrets/a.env.age\n',
    ],
  },
  'kms-asym create-key --key-spec EC_P256': {
    before: 'echo of stones > release.tar',
    after: ['wc -c < release.pem | grep -c .', '1\n'],
  },
  // Nobody can be asked here.
  'kms-asym schedule-key-deletion': { status: 2 },
  'kms-asym encrypt --public-key backup.pem --format age deploy.env': {
    before: DEPLOY,
    prints: 'me p@ss \n  t0ken\n',
  },
  'kms-asym recipient --key-id alias/backup > recipients.txt': {
    before: `${KEY}; echo s3cret > secrets.txt`,
    prints: 's3cret\n',
  },
  'kms-asym emulator -- sh -c': { prints: /-----END PUBLIC KEY-----\n$/ },
};

/** Run by others, each in its own test. */
const ELSEWHERE = ['npm ci && npm run demo', 'npm ci && npm test', 'kms-asym create-key-version', 'NEW='];

const blocks = blocksIn(README, 'sh');
const isOf = (block: string) => (start: string) => block.startsWith(start);

it('each one is run here, run elsewhere, or said not to be run', () => {
  const unknown = blocks.filter((block) => {
    const [before = ''] = README.split(block);
    const isMarked = /not run it|(not|Neither is) run in the tests here/.test(
      before.split('\n\n').at(-2) ?? '',
    );
    return [...Object.keys(RUN), ...ELSEWHERE].filter(isOf(block)).length + Number(isMarked) !== 1;
  });
  expect(unknown).toEqual([]);
  for (const start of [...Object.keys(RUN), ...ELSEWHERE])
    expect(
      blocks.some((block) => block.startsWith(start)),
      start,
    ).toBe(true);
});

describe.each(Object.entries(RUN))(
  '%s…',
  (start, { before = '', instead = ['', ''], status = 0, prints, after }) => {
    it('does what the README says', async () => {
      const block = blocks.find((each) => each.startsWith(start)) ?? '';
      const prepared = await shell(before);
      expect(prepared.status, prepared.stderr).toBe(0);
      const ended = await shell(block.replaceAll(...instead));
      expect(ended.status, ended.stderr).toBe(status);
      if (typeof prints === 'string') expect(ended.stdout.slice(-prints.length)).toBe(prints);
      else if (prints) expect(ended.stdout).toMatch(prints);
      if (after) expect((await shell(after[0])).stdout).toBe(after[1]);
    });
  },
);

it('the job for GitLab runs its lines', async () => {
  const job = blocksIn(README, 'yaml').find((block) => block.startsWith('deploy:')) ?? '';
  const { deploy } = parse(job) as { deploy: { script: string[]; variables: NodeJS.ProcessEnv } };
  expect(
    (
      await shell(
        `${DEPLOY}; kms-asym encrypt --public-key backup.pem --format age deploy.env -o deploy.env.age`,
      )
    ).status,
  ).toBe(0);
  const token = { ...deploy.variables, OIDC_TOKEN: 'header.claims.signature', TMPDIR: dir };
  const { status, stdout, stderr } = await shell(
    [
      ...deploy.script,
      'stat -c %a "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"; cat "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"',
    ].join('\n'),
    token,
  );
  expect([status, stdout], stderr).toEqual([0, 'me p@ss \n600\nheader.claims.signature']);
});

it('the step for GitHub gives the action inputs that it has', () => {
  const block = blocksIn(README, 'yaml').find((each) => each.startsWith('permissions:')) ?? '';
  const { steps } = parse(block) as { steps: { uses: string; with?: Record<string, string> }[] };
  const action = readFileSync(join(DIST, '..', '.github', 'actions', 'exec', 'action.yml'), 'utf8');
  const { inputs } = parse(action) as { inputs: Record<string, unknown> };
  expect(Object.keys(steps.at(-1)?.with ?? {}).filter((name) => !(name in inputs))).toEqual([]);
  expect(steps.at(-1)?.uses).toContain('/.github/actions/exec@');
});
