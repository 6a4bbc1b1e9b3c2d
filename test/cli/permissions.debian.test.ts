/** The built executable under users who may not, and the modes of what it makes. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
const NOBODY = 65534;
const GROUP = 4321;
const OLD = 'what was there before';

let dir: string;
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-permissions-'));
  chmodSync(dir, 0o755);
  // Beside the tests, where a clone may be out of reach for others.
  for (const name of ['kms-asym.cjs', 'chunks'])
    cpSync(join(DIST, name), at(`program/${name}`), { recursive: true });
  writeFileSync(at('identity'), IDENTITY, { mode: 0o644 });
  writeFileSync(at('plain'), 'this is plaintext');
  run(process.getuid?.() ?? 0, ['encrypt', '-r', RECIPIENT, at('plain'), '-o', at('sealed')]);
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** Under a user and a umask. */
function run(uid: number, argv: readonly string[], umask = '022'): Ended {
  const line = `umask ${umask}; exec "$0" "$@"`;
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', line, process.execPath, at('program/kms-asym.cjs'), ...argv],
    { uid, gid: uid, encoding: 'utf8', cwd: '/', env: { PATH: process.env['PATH'], HOME: '/nonexistent' } },
  );
  return { status, stderr };
}

/** A directory for one run, of root and open to others as far as `mode` says. */
function place(mode: number): (name: string) => string {
  const folder = mkdtempSync(at('place-'));
  chmodSync(folder, mode);
  return (name) => join(folder, name);
}

const ENCRYPT = ['encrypt', '-r', RECIPIENT];
const decrypt = (): string[] => ['decrypt', '-i', at('identity')];

interface Refusal {
  readonly title: string;
  readonly argv: (there: (name: string) => string) => string[];
  /** Mode of the directory; the file `out` is root's and holds {@link OLD}, `secret` is root's alone. */
  readonly mode: number;
  /** The name in the message, below the directory. */
  readonly about: string;
  readonly reason?: string;
  readonly status?: number;
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'an output in a directory of others',
    argv: (there) => [...ENCRYPT, at('plain'), '-o', there('new')],
    mode: 0o755,
    about: 'new',
  },
  {
    title: 'plaintext in a directory of others',
    argv: (there) => [...decrypt(), at('sealed'), '-o', there('new')],
    mode: 0o755,
    about: 'new',
  },
  {
    title: 'the file of somebody else, where everybody may write but replace nothing',
    argv: (there) => [...ENCRYPT, '--force', at('plain'), '-o', there('out')],
    mode: 0o1777,
    about: 'out',
    reason: 'operation not permitted',
  },
  {
    title: 'an input that is not theirs',
    argv: (there) => [...ENCRYPT, there('secret'), '-o', there('new')],
    mode: 0o777,
    about: 'secret',
  },
  {
    title: 'ciphertext that is not theirs',
    argv: (there) => [...decrypt(), there('secret'), '-o', there('new')],
    mode: 0o777,
    about: 'secret',
  },
  ...[
    ['a public key', '--public-key'],
    ['recipients', '-R'],
  ].map(([what = '', flag = '']) => ({
    title: `${what} that is not theirs`,
    argv: (there: (name: string) => string) => [
      'encrypt',
      flag,
      there('secret'),
      at('plain'),
      '-o',
      there('new'),
    ],
    mode: 0o777,
    about: 'secret',
  })),
  {
    title: 'an identity that is not theirs',
    argv: (there) => ['decrypt', '-i', there('secret'), at('sealed'), '-o', there('new')],
    mode: 0o777,
    about: 'secret',
  },
  {
    title: 'a file that may only be read, to be rewrapped',
    argv: (there) => ['rewrap', '--add', '-r', RECIPIENT, '-i', at('identity'), there('out')],
    mode: 0o777,
    about: 'out',
  },
  {
    title: 'results below a directory of others',
    argv: (there) => [...ENCRYPT, at('plain'), '--output-dir', there('results')],
    mode: 0o755,
    about: 'results',
    status: 8,
  },
  {
    title: 'results further below one',
    argv: (there) => [...ENCRYPT, at('plain'), '--output-dir', there('new/results')],
    mode: 0o755,
    about: 'new/results',
    status: 8,
  },
  {
    title: 'a directory that may not be listed',
    argv: (there) => [...ENCRYPT, there('.'), '--output-dir', there('results')],
    mode: 0o733,
    about: '',
    status: 8,
  },
  {
    title: 'a state directory of others',
    argv: (there) => ['emulator', '--hsm', 'software', '--state', there('state'), '--', 'true'],
    mode: 0o755,
    about: 'state',
  },
  {
    title: 'a state directory further below one',
    argv: (there) => ['emulator', '--hsm', 'software', '--state', there('new/state'), '--', 'true'],
    mode: 0o755,
    about: 'new/state',
  },
];

describe('who may not is refused, with a reason and a hint, and changes nothing:', () => {
  it.each(REFUSALS)('$title', ({ argv, mode, about, reason = 'permission denied', status = 5 }) => {
    const there = place(mode);
    writeFileSync(there('out'), OLD);
    writeFileSync(there('secret'), OLD, { mode: 0o600 });
    const refused = run(NOBODY, argv(there));
    expect(refused, refused.stderr).toMatchObject({ status });
    expect(refused.stderr).toMatch(
      new RegExp(`error: .*"${there(about).replaceAll('.', '\\.')}.*: ${reason}\n`),
    );
    expect(refused.stderr).toContain('hint: ');
    expect(refused.stderr).not.toContain(OLD);
    expect(readdirSync(there('')).sort()).toEqual(['out', 'secret']);
    expect(readFileSync(there('out'), 'utf8')).toBe(OLD);
  });
});

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

it.each(['000', '022', '077', '777'])(
  'under umask %s plaintext is for its owner alone, and ciphertext as the umask says',
  (umask) => {
    const there = place(0o777);
    expect(run(NOBODY, [...ENCRYPT, at('plain'), '-o', there('sealed')], umask).status).toBe(0);
    expect(run(NOBODY, [...decrypt(), at('sealed'), '-o', there('plain')], umask).status).toBe(0);
    const open = (0o666 & ~Number.parseInt(umask, 8)).toString(8);
    expect([mode(there('sealed')), mode(there('plain'))]).toEqual([open, '600']);
  },
);

it.each(['000', '022', '077'])(
  'under umask %s directories of plaintext and of state are for their owner alone, with all that is in them',
  (umask) => {
    const there = place(0o777);
    const batch = [...decrypt(), at('sealed'), '--suffix', '', '--output-dir', there('results')];
    const emulator = ['emulator', '--hsm', 'software', '--state', there('state'), '--', 'true'];
    for (const argv of [batch, emulator]) expect(run(NOBODY, argv, umask)).toMatchObject({ status: 0 });
    const made = readdirSync(there(''), { recursive: true, encoding: 'utf8' });
    expect(made).toContain('state/state.json');
    for (const name of made.map((each) => there(each))) {
      expect(mode(name), name).toBe(statSync(name).isFile() ? '600' : '700');
    }
  },
);

it('in a directory that hands on its group, files belong to the group, and plaintext still opens for nobody in it', () => {
  const there = place(0o755);
  mkdirSync(there('shared'));
  chownSync(there('shared'), NOBODY, GROUP);
  chmodSync(there('shared'), 0o2770);
  expect(run(NOBODY, [...ENCRYPT, at('plain'), '-o', there('shared/sealed')]).status).toBe(0);
  expect(run(NOBODY, [...decrypt(), at('sealed'), '-o', there('shared/plain')]).status).toBe(0);
  const [sealed, plain] = ['sealed', 'plain'].map((name) => statSync(there(`shared/${name}`)));
  expect([sealed?.gid, plain?.gid]).toEqual([GROUP, GROUP]);
  expect([mode(there('shared/sealed')), mode(there('shared/plain'))]).toEqual(['644', '600']);
});

it('a file that is replaced keeps its mode, unless plaintext takes its place', () => {
  const there = place(0o777);
  for (const [argv, expected] of [
    [ENCRYPT.concat(at('plain')), '640'],
    [decrypt().concat(at('sealed')), '600'],
  ] as const) {
    writeFileSync(there('out'), OLD);
    chownSync(there('out'), NOBODY, NOBODY);
    chmodSync(there('out'), 0o640);
    expect(run(NOBODY, [...argv, '--force', '-o', there('out')]).status).toBe(0);
    expect(mode(there('out'))).toBe(expected);
  }
});

it('waits for a command that became another user, to whom no signal may be passed on', () => {
  const there = place(0o755);
  cpSync('/usr/bin/setpriv', there('become'));
  chownSync(there('become'), 0, NOBODY);
  chmodSync(there('become'), 0o4750);
  const root = [there('become'), '--reuid=0', '--regid=0', '--clear-groups'];
  const command = ['sh', '-c', 'kill -TERM $PPID; sleep 0.3; exit 9'];
  const source = ['--env', `SECRET=${at('sealed')}`, '-i', at('identity')];
  expect(run(NOBODY, ['exec', ...source, '--', ...root, ...command])).toEqual({ status: 9, stderr: '' });
});
