/** What the built executables ask of the system: no network while they encrypt, and never a file that nobody named. */
import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it, onTestFinished } from 'vitest';
import { encodeKmsIdentity } from '../../src/age/kms-identity-string.js';
import { encodeKmsRecipient } from '../../src/age/kms-recipient-string.js';
import { encodeStanza } from '../../src/age/stanza.js';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { startEmulator } from '../../src/emulator/start.js';
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

/** A directory to run in, with what nobody named in it, and a home. */
function scene(): (name: string) => string {
  const at = workspace();
  for (const name of ['work', 'home']) mkdirSync(at(name));
  writeFileSync(at('work/key.pem'), fixture(inject('fixtures'), 'rsa2048.pem'));
  for (const name of ['plain', '.env', 'config.json', 'package.json', '.npmrc', '.kms-asym']) {
    writeFileSync(at(`work/${name}`), '{}');
  }
  return at;
}

/** The network calls of a run, and the files that it opened in the working directory or in its home. */
async function seen(
  at: (name: string) => string,
  [program, ...argv]: readonly [string, ...string[]],
  { input = '', env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ network: string[]; opened: string[] }> {
  const trace = ['-f', '-qq', '-s', '4096', '-e', 'trace=socket,connect,open,openat', '-o', at('trace')];
  const run = promisify(execFile)('strace', [...trace, process.execPath, join(DIST, program), ...argv], {
    cwd: at('work'),
    env: { PATH: process.env['PATH'], HOME: at('home'), ...env },
  });
  run.child.stdin?.end(input);
  await run;
  const calls = readFileSync(at('trace'), 'utf8').split('\n');
  const opened = calls.flatMap((call) => /\bopen(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/.exec(call)?.[1] ?? []);
  expect(opened.length).toBeGreaterThan(5);
  // Files of the result apart: its temporary name, and the directory, whose entries are flushed.
  const ours = opened.filter(
    (name) => (!name.startsWith('/') || name.startsWith(at(''))) && !/^\.$|kms-asym-\w+\.tmp$/.test(name),
  );
  return {
    network: calls.filter((call) => /\b(socket|connect)\(/.test(call)),
    opened: [...new Set(ours)].sort(),
  };
}

it.each<[string, string[], string, string[]]>([
  [
    'kms-asym.cjs',
    ['encrypt', '--public-key', 'key.pem', 'plain', '-o', 'out.enc'],
    '',
    ['key.pem', 'plain'],
  ],
  ['kms-asym.cjs', ['encrypt', '-r', recipient, 'plain', '-o', 'out.enc'], '', ['plain']],
  ['age-plugin-alikms.cjs', ['--age-plugin=recipient-v1'], WRAPPING, []],
])('%s %j asks for no network, and opens nothing else', async (program, argv, input, named) => {
  expect(await seen(scene(), [program, ...argv], { input })).toEqual({ network: [], opened: named });
});

it('what asks KMS opens nothing either that was not named', async () => {
  const at = scene();
  const PrivateKey = createPrivateKey(fixture(inject('fixtures'), 'rsa2048.key'))
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const Versions = [{ KeyVersionId: 'v1', PrivateKey }];
  const keys = [{ KeyId: 'key-a', KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT', Versions }];
  const emulator = await startEmulator({ hsm: 'software', seed: { keys } });
  onTestFinished(() => emulator.close());
  const env = emulatorEnvironment(emulator, {});
  const run = async (...argv: string[]) => (await seen(at, ['kms-asym.cjs', ...argv], { env })).opened;
  await run('encrypt', '-r', recipient, 'plain', '-o', 'plain.age');
  expect(await run('decrypt', 'plain.age', '-o', 'opened')).toEqual(['plain.age']);
  expect(await run('get-public-key', '--key-id', 'key-a', '-o', 'own.pem')).toEqual([]);
  expect(await run('exec', '--env', 'SECRET=plain.age', '--', 'true')).toEqual(['plain.age']);
  expect(await run('rewrap', '--check', '--to', 'own.pem', 'plain.age')).toEqual(['own.pem', 'plain.age']);
  expect(await run('list-keys')).toEqual([]);
  const [, args = '', body = ''] =
    /^-> (\S.*)\n([^-]+)\n---/m.exec(readFileSync(at('work/plain.age'), 'latin1')) ?? [];
  const identity = stanza('add-identity', [encodeKmsIdentity({})]);
  const unwrapping = `${identity}-> recipient-stanza 0 ${args}\n${body}\n${stanza('done', [])}${stanza('ok', [])}`;
  const plugin = ['age-plugin-alikms.cjs', '--age-plugin=identity-v1'] as const;
  const { network, opened } = await seen(at, plugin, { input: unwrapping, env });
  expect(network.length).toBeGreaterThan(0);
  expect(opened).toEqual([]);
});
