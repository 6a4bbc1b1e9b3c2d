/**
 * What passage, the password store, does with age. passage itself is not run: what Debian packages under that name is a
 * game. These are its calls of age, in its layout of files: to the nearest `.age-recipients` above an entry, or else to
 * the identities; and always from the one file of identities.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, type World } from './world.js';

const PLUGIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'age-plugin-alikms.cjs');

let world: World;
let home: string;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kms-asym-passage-'));
  put('bin/.keep', '');
  symlinkSync(PLUGIN, join(home, 'bin', 'age-plugin-alikms'));
  put('.passage/store/.age-recipients', `# backup\n${world.keys.RSA_2048.recipient}\n`);
  put('.passage/identities', `# any key that KMS lets us use\n${world.anyIdentity}\n`);
  return () => {
    rmSync(home, { recursive: true });
  };
});

function put(name: string, content: string): void {
  mkdirSync(dirname(join(home, name)), { recursive: true });
  writeFileSync(join(home, name), content);
}

const entry = (name: string): string => readFileSync(join(home, `.passage/store/${name}.age`), 'latin1');

/** A line of bash in the store, which has to end well and say nothing beside its output. */
function bash(line: string): Promise<string> {
  const env = { ...world.env, HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}` };
  return new Promise((resolve, reject) => {
    const settings = { cwd: join(home, '.passage/store'), env, encoding: 'utf8' } as const;
    const child = execFile('bash', ['-eo', 'pipefail', '-c', line], settings, (error, stdout, stderr) => {
      if (error !== null || stderr !== '') reject(new Error(`${line}\n${stderr}`));
      else resolve(stdout);
    });
    child.stdin?.end();
  });
}

const IDENTITIES = '-i "$HOME/.passage/identities"';
const RECIPIENTS = '-R "$HOME/.passage/store/.age-recipients"';
const insert = (name: string, password: string, to = RECIPIENTS): Promise<string> =>
  bash(`mkdir -p "$(dirname ${name})"; echo '${password}' | age -e ${to} -o "$PWD/${name}.age"`);
const show = (name: string): Promise<string> =>
  bash(`pass="$(age -d ${IDENTITIES} "$PWD/${name}.age" | base64)"; echo "$pass" | base64 -d`);

describe('a store of passwords', () => {
  it('is written offline, and shown through KMS', async () => {
    const before = world.calls();
    await insert('web/example', 'hunter2');
    expect(world.calls()).toBe(before);
    expect(await show('web/example')).toBe('hunter2\n');
    expect(world.calls()).toBe(before + 1);
  });

  it('takes several lines, and overwrites an entry', async () => {
    await insert('bank', 'old');
    await bash(`printf 'new\\nuser: me\\n' | age -e ${RECIPIENTS} -o "$PWD/bank.age"`);
    expect(await show('bank')).toBe('new\nuser: me\n');
  });

  it('replaces the first line in place, reading and writing in one pipe', async () => {
    await insert('bank', 'old\nuser: me');
    await bash(
      `{ echo new; age -d ${IDENTITIES} bank.age | tail -n +2; } | age -e ${RECIPIENTS} -o bank.age.tmp; mv bank.age.tmp bank.age`,
    );
    expect(await show('bank')).toBe('new\nuser: me\n');
  });

  it('is edited as a file', async () => {
    await insert('note', 'one');
    await bash(
      `age -d -o "$HOME/note.txt" ${IDENTITIES} note.age; echo two >> "$HOME/note.txt"; age -e ${RECIPIENTS} -o note.age "$HOME/note.txt"`,
    );
    expect(await show('note')).toBe('one\ntwo\n');
  });

  it('is for whom the nearest file of recipients names, also after it moved to another key', async () => {
    const { RSA_3072 } = world.keys;
    await insert('team/wiki', 'secret');
    put('.passage/store/team/.age-recipients', `${RSA_3072.recipient}\n`);
    expect(entry('team/wiki')).not.toContain(RSA_3072.keyId);
    await bash(
      `age -d ${IDENTITIES} team/wiki.age | age -e -R team/.age-recipients -o team/wiki.tmp; mv team/wiki.tmp team/wiki.age`,
    );
    expect(entry('team/wiki')).toContain(RSA_3072.keyId);
    expect(await show('team/wiki')).toBe('secret\n');
  });

  it('takes recipients from a variable', async () => {
    await insert('two', 'secret', `-r ${world.keys.RSA_2048.recipient} -r ${world.keys.RSA_4096.recipient}`);
    expect(entry('two').match(/^-> alikms /gm)).toHaveLength(2);
    expect(await show('two')).toBe('secret\n');
  });

  it('without recipients is encrypted to the key of the identity', async () => {
    put('.passage/identities', `${world.keys.RSA_2048.identity}\n`);
    await insert('mine', 'secret', IDENTITIES);
    expect(await show('mine')).toBe('secret\n');
  });
});
