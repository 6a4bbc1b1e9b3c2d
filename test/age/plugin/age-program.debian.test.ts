/** The age program, unchanged, with the plugin that the build made on its PATH: what people see. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeKmsIdentity } from '../../../src/age/kms-identity-string.js';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { createWorld, type World } from './world.js';

const DIST = join(import.meta.dirname, '..', '..', '..', 'dist');
const SPECS = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;

let world: World;
let dir: string;
let path: string;
let env: NodeJS.ProcessEnv;
let native: { recipient: string; file: string };

beforeAll(async () => {
  world = await createWorld();
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-age-program-'));
  mkdirSync(join(dir, 'bin'));
  for (const name of ['age-plugin-alikms', 'kms-asym']) {
    symlinkSync(join(DIST, `${name}.cjs`), join(dir, 'bin', name));
  }
  path = `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
  env = { ...world.env, PATH: path, HOME: dir };
  for (const spec of SPECS) {
    const { recipient, identity } = world.keys[spec];
    file(`${spec}.recipient`, `# a comment\n\n${recipient}\n`);
    file(`${spec}.identity`, `# created: now\n# recipient: ${recipient}\n${identity}\n`);
  }
  await run('age-keygen', ['-o', 'native.identity']);
  native = {
    file: 'native.identity',
    recipient: (await run('age-keygen', ['-y', 'native.identity'])).stdout.trim(),
  };
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

function file(name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  return name;
}

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
) {
  return new Promise<Result>((resolve) => {
    const settings = { cwd: dir, env: { ...env, ...options.env }, encoding: 'utf8' } as const;
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    // Who ends without reading leaves a broken pipe.
    child.stdin?.on('error', () => undefined).end(options.input ?? '');
  });
}

const SECRET = 'a secret\n';
const age = (...args: string[]): Promise<Result> => run('age', args, { input: SECRET });
const ok = (stdout: string): Result => ({ status: 0, stdout, stderr: '' });

/** Encrypts with age, without a way to any service. */
async function encrypt(name: string, ...args: string[]): Promise<string> {
  const offline = { KMS_ASYM_ENDPOINT: 'http://127.0.0.1:1', ALIBABA_CLOUD_ACCESS_KEY_ID: '' };
  expect(await run('age', ['-e', '-o', name, ...args], { input: SECRET, env: offline })).toEqual(ok(''));
  return name;
}

describe.each(SPECS)('a key of %s', (spec) => {
  it.each([
    ['-r', () => ['-r', world.keys[spec].recipient]],
    ['-R', () => ['-R', `${spec}.recipient`]],
    ['-r and armor', () => ['-a', '-r', world.keys[spec].recipient]],
  ])('encrypts with %s offline, and opens with -i, -j and kms-asym decrypt', async (_how, args) => {
    const name = await encrypt(`${spec}.age`, ...args());
    expect(await age('-d', '-i', `${spec}.identity`, name)).toEqual(ok(SECRET));
    expect(await age('-d', '-j', 'alikms', name)).toEqual(ok(SECRET));
    expect(await run('kms-asym', ['decrypt', name])).toEqual(ok(SECRET));
    expect(await run('kms-asym', ['decrypt', '-i', `${spec}.identity`, name])).toEqual(ok(SECRET));
    rmSync(join(dir, name));
  });

  it('encrypts to its identity, whose key KMS gives', async () => {
    expect(await age('-e', '-i', `${spec}.identity`, '-o', 'by-identity.age')).toEqual(ok(''));
    expect(await age('-d', '-i', `${spec}.identity`, 'by-identity.age')).toEqual(ok(SECRET));
    rmSync(join(dir, 'by-identity.age'));
  });

  it.each([
    ['-r', () => ['-r', world.keys[spec].recipient]],
    ['-R', () => ['-R', `${spec}.recipient`, '--armor']],
    ['--key-id', () => ['--key-id', world.keys[spec].keyId, '--format', 'age']],
  ])('opens with age what kms-asym encrypts with %s', async (_how, args) => {
    const encrypted = await run('kms-asym', ['encrypt', ...args(), '-o', 'ours.age', '--force'], {
      input: SECRET,
    });
    expect(encrypted).toEqual(ok(''));
    expect(await age('-d', '-i', `${spec}.identity`, 'ours.age')).toEqual(ok(SECRET));
    expect(await age('-d', '-j', 'alikms', 'ours.age')).toEqual(ok(SECRET));
  });
});

it('opens a file for two KMS keys and an X25519 key with any of them', async () => {
  const { RSA_2048, RSA_3072 } = world.keys;
  const recipients = ['-r', RSA_2048.recipient, '-r', native.recipient, '-r', RSA_3072.recipient];
  const name = await encrypt('three.age', ...recipients);
  for (const identity of ['RSA_2048.identity', 'RSA_3072.identity', native.file]) {
    expect(await age('-d', '-i', identity, name)).toEqual(ok(SECRET));
    expect(await run('kms-asym', ['decrypt', '-i', identity, name])).toEqual(ok(SECRET));
  }
  const { status, stderr } = await age('-d', '-i', 'RSA_4096.identity', name);
  expect(status).toBe(1);
  expect(stderr).toContain('no identity matched any of the recipients');
});

it('asks the other identities of a file when it is for none of a KMS key', async () => {
  const name = await encrypt('native.age', '-r', native.recipient);
  const both = file('both.identity', `${world.anyIdentity}\n${readFileSync(join(dir, native.file), 'utf8')}`);
  const before = world.calls();
  expect(await age('-d', '-i', both, name)).toEqual(ok(SECRET));
  expect(world.calls()).toBe(before);
});

it('opens a file of 3 MiB that passed through pipes', async () => {
  const script = `head -c 3145728 /dev/zero | age -R RSA_2048.recipient | age -d -j alikms | tr -d '\\0' | wc -c`;
  expect((await run('bash', ['-o', 'pipefail', '-c', script])).stdout.trim()).toBe('0');
});

it('is used as its document says', async () => {
  const text = readFileSync(join(DIST, '..', '.github', 'AGE.md'), 'utf8');
  const lines = /^## Use$[^]*?```sh\n([^]*?)```/m.exec(text)?.[1] ?? '';
  expect(lines).toContain('age -d -i identity.txt');
  await world.ok('CreateAlias', { KeyId: world.keys.RSA_2048.keyId, AliasName: 'alias/backup' });
  file('secrets.txt', SECRET);
  expect(await run('bash', ['-eo', 'pipefail', '-c', lines])).toEqual(ok(SECRET));
  expect(await run('bash', ['-c', 'age -d -j alikms secrets.age'])).toEqual(ok(SECRET));
});

it('is itself where it is found by another name', async () => {
  // One client starts the path that links lead to, another the link.
  const target = join(DIST, 'age-plugin-alikms.cjs');
  expect((await run(target, ['--age-plugin=x'])).stderr).toMatch(/^age-plugin-alikms: error: "x" is not/);
});

describe('what the user sees', () => {
  /** The lines of age, without where to report. */
  async function fails(args: readonly string[], changed: NodeJS.ProcessEnv = {}): Promise<string> {
    const { status, stdout, stderr } = await run('age', args, { input: SECRET, env: changed });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).not.toMatch(/\n\s+at /);
    return stderr.replace(/^age: report unexpected.*\n/m, '');
  }
  const fileFor = (name: string, recipient: string): Promise<string> => encrypt(name, '-r', recipient);

  it('when nobody may decrypt', async () => {
    const name = await fileFor('denied.age', world.denied.recipient);
    expect(await fails(['-d', '-j', 'alikms', name])).toMatch(
      /^age: error: alikms plugin: AsymmetricDecrypt .*was refused.*\nForbidden\.NoPermission \(HTTP 403, RequestId \S+\)\nhint: .*kms:AsymmetricDecrypt/,
    );
  });

  it('when the key is disabled', async () => {
    const name = await fileFor('disabled.age', world.disabled.recipient);
    expect(await fails(['-d', '-j', 'alikms', name])).toMatch(
      /alikms plugin: .*\nRejected\.Disabled \(HTTP 409, RequestId \S+\)\nhint: enable the key/,
    );
  });

  it('when the key version does not exist', async () => {
    const { RSA_2048, RSA_3072 } = world.keys;
    const text = readFileSync(join(dir, await fileFor('version.age', RSA_2048.recipient)), 'latin1');
    const changed = text.replace(RSA_2048.keyVersionId, RSA_3072.keyVersionId);
    writeFileSync(join(dir, 'version.age'), changed, 'latin1');
    expect(await fails(['-d', '-j', 'alikms', 'version.age'])).toMatch(
      /alikms plugin: .*\nForbidden\.KeyVersionNotFound \(HTTP 404, RequestId \S+\)\nhint: /,
    );
  });

  it('when the ciphertext was made for another key', async () => {
    const { RSA_2048 } = world.keys;
    const text = readFileSync(join(dir, await fileFor('other.age', RSA_2048.recipient)), 'latin1');
    const changed = text
      .replace(RSA_2048.keyId, world.disabled.keyId)
      .replace(RSA_2048.keyVersionId, world.disabled.keyVersionId);
    writeFileSync(join(dir, 'other.age'), changed, 'latin1');
    await world.ok('EnableKey', { KeyId: world.disabled.keyId });
    const stderr = await fails(['-d', '-j', 'alikms', 'other.age']).finally(() =>
      world.ok('DisableKey', { KeyId: world.disabled.keyId }),
    );
    expect(stderr).toMatch(/alikms plugin: "the age file" does not decrypt with key version "[^"]+"\n/);
  });

  it('when KMS is down, while it waits and at last', async () => {
    const name = await fileFor('down.age', world.keys.RSA_2048.recipient);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const stderr = await fails(['-d', '-j', 'alikms', name], {
      KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    expect(stderr).toMatch(/^(age: alikms plugin: AsymmetricDecrypt: .*trying again in .*\n){5}/m);
    expect(stderr).toMatch(
      /^age: error: alikms plugin: cannot connect to "127\.0\.0\.1:\d+": connection refused$/m,
    );
  });

  it('when there are no credentials', async () => {
    const name = await fileFor('nobody.age', world.keys.RSA_2048.recipient);
    const stderr = await fails(['-d', '-j', 'alikms', name], { ALIBABA_CLOUD_ACCESS_KEY_ID: '' });
    expect(stderr).toMatch(
      /alikms plugin: no credentials found\nhint: .*\nhint: set ALIBABA_CLOUD_ACCESS_KEY_ID/,
    );
  });

  it('when a plain http endpoint is somewhere else', async () => {
    const name = await fileFor('http.age', world.keys.RSA_2048.recipient);
    expect(await fails(['-d', '-j', 'alikms', name], { KMS_ASYM_ENDPOINT: 'http://kms.example' })).toMatch(
      /alikms plugin: plain http to "http:\/\/kms\.example" is refused/,
    );
  });

  it('when the header names an unknown region', async () => {
    const text = readFileSync(
      join(dir, await fileFor('region.age', world.keys.RSA_2048.recipient)),
      'latin1',
    );
    writeFileSync(join(dir, 'region.age'), text.replace('cn-hangzhou', 'zz-nowhere-1'), 'latin1');
    const away = { KMS_ASYM_ENDPOINT: '' };
    expect(await fails(['-d', '-j', 'alikms', 'region.age'], away)).toMatch(
      /alikms plugin: "the age file" names an unknown region "zz-nowhere-1"\nhint: if the region is right, confirm it: ALIBABA_CLOUD_REGION_ID=zz-nowhere-1/,
    );
  });

  it('when a recipient is damaged, before any file is made', async () => {
    const bad = file('bad.recipient', 'age1alikms1qqqqqqqqqqqqqqqqqqqqqqqqqqqqq\n');
    expect(await fails(['-e', '-R', bad])).toMatch(/recipient/);
    const empty = encodeKmsIdentity({}).toLowerCase().replace('age-plugin-alikms-', 'age1alikms');
    expect(await fails(['-e', '-r', empty])).toMatch(/recipient/);
  });

  it('when it encrypts to an identity of any key', async () => {
    expect(await fails(['-e', '-j', 'alikms'])).toMatch(
      /alikms plugin: the identity stands for any key.*\nhint: encrypt to a recipient/,
    );
  });
});

it('waits for a throttled service, says so, and names the cause at last', async () => {
  const name = await encrypt('busy.age', '-r', world.keys.RSA_2048.recipient);
  const throttled = await startEmulator({ hsm: 'software', faults: { throttle: 1, seed: 1 } });
  try {
    const { stderr } = await run('age', ['-d', '-j', 'alikms', name], {
      env: emulatorEnvironment(throttled, {}),
    });
    expect(stderr).toMatch(/^age: alikms plugin: AsymmetricDecrypt: Rejected\.Throttling; trying again in /m);
    expect(stderr).toMatch(/^age: error: alikms plugin: .*\nRejected\.Throttling \(HTTP 429, RequestId /m);
  } finally {
    await throttled.close();
  }
}, 60_000);
