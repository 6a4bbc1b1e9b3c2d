/** Every block of shell in the README and the guides is run as it stands there, or says that it is not. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { blocksIn, documentAt, DOCUMENTS, sectionOf, shellIn } from './documents.js';

const DIST = join(import.meta.dirname, '..', '..', 'dist');

interface Run {
  /** What a reader has: files, and what was done before. */
  readonly before?: string;
  readonly status?: number;
  /** The end of what the block prints. */
  readonly prints?: string | RegExp;
  /** Prints what is there afterwards. */
  readonly after?: readonly [string, string];
}

const DEPLOY = `printf 'echo "$DB_USER $DB_PASSWORD $TOKEN"\\n' > deploy.sh; chmod +x deploy.sh
printf 'DB_USER=me\\nDB_PASSWORD=p@ss\\n' > deploy.env`;
const ANY_SIZE = {
  before: 'mkdir data restored; echo one > data/one',
  after: ['cat restored/data/one', 'one\n'],
} as const;
const AGE = { before: 'echo s3cret > secrets.txt', prints: 's3cret\n' };
const EMULATOR = { prints: /-----END PUBLIC KEY-----\n$/ };
const KEY =
  'kms-asym create-key -q --alias alias/backup; kms-asym get-public-key --key-id alias/backup -o backup.pem';

/**
 * By document and the beginning of each block, in order: those of one document are run one after the other, in one
 * folder and with one emulator, as a reader would.
 */
const RUNS: Readonly<Record<string, Readonly<Record<string, Run>>>> = {
  'README.md': {
    'kms-asym create-key --alias alias/backup ': {
      before: 'echo this is plaintext > secret.txt',
      prints: 'this is plaintext\n',
    },
    'tar c data': ANY_SIZE,
    'NEW=': {
      before: 'mkdir backups; cp data.tar.age backups',
      prints: 'rewrapped: backups/data.tar.age\n',
    },
    'kms-asym recipient --key-id alias/backup > recipients': AGE,
    'kms-asym encrypt --public-key backup.pem --format age deploy.env': {
      before: DEPLOY,
      prints: 'me p@ss \n',
    },
    'kms-asym emulator -- sh -c': EMULATOR,
  },
  '.github/GUIDE.md': {
    'tar c data': { ...ANY_SIZE, before: `${KEY}; ${ANY_SIZE.before}` },
    'kms-asym encrypt --public-key backup.pem secrets': {
      before: 'mkdir secrets; echo A=1 > secrets/a.env; echo B=2 > secrets/b',
      after: [
        'cat secrets-again/a.env secrets-again/b; find encrypted from-list -type f | sort',
        'A=1\nB=2\nencrypted/a.env.age\nencrypted/b.age\nfrom-list/secrets-again/a.env.age\nfrom-list/secrets/a.env.age\n',
      ],
    },
    'kms-asym create-key --key-spec EC_P256': {
      before: 'echo of stones > release.tar',
      after: [
        'openssl dgst -sha256 -verify release.pem -signature release.tar.sig release.tar',
        'Verified OK\n',
      ],
    },
    // Nobody can be asked here.
    'kms-asym schedule-key-deletion': { status: 2 },
    'kms-asym encrypt --public-key backup.pem --format age deploy.env': {
      before: `${DEPLOY}; printf t0ken > token; kms-asym encrypt --public-key backup.pem token -o token.enc`,
      prints: 'me p@ss \n  t0ken\n',
    },
  },
  '.github/AGE.md': {
    'kms-asym recipient --key-id alias/backup > recipients': { ...AGE, before: `${KEY}; ${AGE.before}` },
  },
  '.github/EMULATOR.md': { 'kms-asym emulator -- sh -c': EMULATOR },
};

/** Run by others, each in its own test. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['npm ci && npm run demo', 'npm ci && npm test'],
  '.github/GUIDE.md': ['kms-asym create-key-version', 'NEW='],
  '.github/CONTRIBUTING.md': ['npm ci && npm test'],
};

/** A folder, an emulator, and a shell in which both executables are on PATH. */
class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'kms-asym-document-'));
  readonly shell: ReturnType<typeof shellIn>;

  private constructor(private readonly emulator: Emulator) {
    mkdirSync(join(this.dir, 'bin'));
    for (const name of ['kms-asym', 'age-plugin-alikms']) {
      const program = join(this.dir, 'bin', name);
      writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${DIST}/${name}.cjs' "$@"\n`);
      chmodSync(program, 0o755);
    }
    this.shell = shellIn(this.dir, emulator, `${join(this.dir, 'bin')}:${process.env['PATH'] ?? ''}`);
  }

  static async open(): Promise<Place> {
    return new Place(await startEmulator({ hsm: 'software' }));
  }

  async close(): Promise<void> {
    await this.emulator.close();
    rmSync(this.dir, { recursive: true });
  }
}

it.each([...DOCUMENTS])(
  'each block of %s is run here, run elsewhere, or said not to be run',
  (path, text) => {
    const starts = [...Object.keys(RUNS[path] ?? {}), ...(ELSEWHERE[path] ?? [])];
    const blocks = blocksIn(text, 'sh');
    const unclear = blocks.filter((block) => {
      const isMarked = /not run it|(not|Neither is) run in the tests here/.test(
        text.split(block)[0]?.split('\n\n').at(-2) ?? '',
      );
      return starts.filter((start) => block.startsWith(start)).length + Number(isMarked) !== 1;
    });
    expect(unclear).toEqual([]);
    expect(starts.filter((start) => !blocks.some((block) => block.startsWith(start)))).toEqual([]);
  },
);

describe.each(Object.entries(RUNS))('in %s', (path, runs) => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.open();
  });
  afterAll(() => place.close());

  it.each(Object.entries(runs))('%s… does what it says there', async (start, run) => {
    const { before = '', status = 0, prints, after } = run;
    const block = blocksIn(documentAt(path), 'sh').find((each) => each.startsWith(start)) ?? '';
    const prepared = await place.shell(before);
    expect(prepared.status, prepared.stderr).toBe(0);
    const ended = await place.shell(block);
    expect(ended.status, ended.stderr).toBe(status);
    if (typeof prints === 'string') expect(ended.stdout.slice(-prints.length)).toBe(prints);
    else if (prints) expect(ended.stdout).toMatch(prints);
    if (after) expect((await place.shell(after[0])).stdout).toBe(after[1]);
  });
});

describe('in CI', () => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.open();
  });
  afterAll(() => place.close());

  it('the job for GitLab runs its lines', async () => {
    const [job = ''] = blocksIn(sectionOf(documentAt('.github/GUIDE.md'), 'In CI'), 'yaml');
    const { deploy } = parse(job) as { deploy: { script: string[]; variables: NodeJS.ProcessEnv } };
    const prepared = await place.shell(
      `${KEY}; ${DEPLOY}; kms-asym encrypt --public-key backup.pem --format age deploy.env -o deploy.env.age`,
    );
    expect(prepared.status, prepared.stderr).toBe(0);
    const token = { ...deploy.variables, OIDC_TOKEN: 'header.claims.signature', TMPDIR: place.dir };
    const afterwards = 'stat -c %a "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"; cat "$ALIBABA_CLOUD_OIDC_TOKEN_FILE"';
    const { status, stdout, stderr } = await place.shell([...deploy.script, afterwards].join('\n'), token);
    expect([status, stdout], stderr).toEqual([0, 'me p@ss \n600\nheader.claims.signature']);
  });

  it('the step for GitHub gives the action inputs that it has', () => {
    const [block = ''] = blocksIn(sectionOf(documentAt('README.md'), 'CI'), 'yaml');
    const { steps } = parse(block) as { steps: { uses: string; with?: Record<string, string> }[] };
    const action = readFileSync(join(DIST, '..', '.github', 'actions', 'exec', 'action.yml'), 'utf8');
    const { inputs } = parse(action) as { inputs: Record<string, unknown> };
    expect(Object.keys(steps.at(-1)?.with ?? {}).filter((name) => !(name in inputs))).toEqual([]);
    expect(steps.at(-1)?.uses).toContain('/.github/actions/exec@');
  });
});
