/** What the built executables ask of the system while they encrypt: no network, and no file that nobody named. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { encodeKmsRecipient } from '../../src/age/kms-recipient-string.js';
import { encodeStanza } from '../../src/age/stanza.js';
import { publicKeyOf } from '../age/identities.js';
import { fixture } from '../fixtures.js';
import { workspace } from '../io/workspace.js';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-a', keyVersionId: 'v1' };
const key = publicKeyOf(inject('fixtures'), 'rsa2048');
const recipient = encodeKmsRecipient({ key, locator: LOCATOR });

const stanza = (type: string, args: string[], body = Buffer.alloc(0)): string =>
  encodeStanza({ type, args, body });
const WRAPPING = [
  stanza('add-recipient', [recipient]),
  stanza('wrap-file-key', [], Buffer.alloc(16)),
  stanza('done', []),
  stanza('ok', []).repeat(3),
].join('');

it.each<[string, string[], string, string[]]>([
  [
    'kms-asym.cjs',
    ['encrypt', '--public-key', 'key.pem', 'plain', '-o', 'out.enc'],
    '',
    ['key.pem', 'plain'],
  ],
  ['kms-asym.cjs', ['encrypt', '-r', recipient, 'plain', '-o', 'out.enc'], '', ['plain']],
  ['age-plugin-alikms.cjs', ['--age-plugin=recipient-v1'], WRAPPING, []],
])('%s %j', (program, argv, input, named) => {
  const at = workspace();
  for (const name of ['work', 'home']) mkdirSync(at(name));
  writeFileSync(at('work/key.pem'), fixture(inject('fixtures'), 'rsa2048.pem'));
  for (const name of ['plain', '.env', 'config.json', 'package.json', '.npmrc', '.kms-asym']) {
    writeFileSync(at(`work/${name}`), '{}');
  }
  const trace = ['-f', '-qq', '-s', '4096', '-e', 'trace=socket,connect,open,openat', '-o', at('trace')];
  const env = { PATH: process.env['PATH'], HOME: at('home') };
  execFileSync('strace', [...trace, process.execPath, join(DIST, program), ...argv], {
    cwd: at('work'),
    env,
    input,
  });
  const calls = readFileSync(at('trace'), 'utf8').split('\n');
  expect(calls.filter((call) => /\b(socket|connect)\(/.test(call))).toEqual([]);
  const opened = calls.flatMap((call) => /\bopen(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/.exec(call)?.[1] ?? []);
  // Files of the result apart: its temporary name, and the directory, whose entries are flushed.
  const others = opened.filter(
    (name) => (!name.startsWith('/') || name.startsWith(at(''))) && !/^\.$|kms-asym-\w+\.tmp$/.test(name),
  );
  expect(opened.length).toBeGreaterThan(5);
  expect([...new Set(others)].sort()).toEqual(named);
});
