/** What the text scripts cannot show about the commands that look after keys: many keys, bad connections, hostile text. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { json, serve } from '../kms/test-server.js';
import { memoryStdio } from './memory-stdio.js';

const CREDENTIALS = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's' };

async function run(env: NodeJS.ProcessEnv, ...argv: string[]) {
  const stdio = memoryStdio();
  const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

describe('with more keys than a page holds', () => {
  const COUNT = 230;
  const keyIds = Array.from({ length: COUNT }, (_, index) => `key-${String(index).padStart(3, '0')}`);
  const actions: (string | null)[] = [];
  let emulator: Emulator;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const PrivateKey = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const keys = keyIds.map((KeyId) => ({
      KeyId,
      KeySpec: 'EC_P256',
      KeyUsage: 'SIGN/VERIFY',
      ProtectionLevel: 'SOFTWARE',
      Aliases: [`alias/of-${KeyId}`],
      Versions: [{ KeyVersionId: 'v1', PrivateKey }],
    }));
    emulator = await startEmulator({
      hsm: 'software',
      serviceMode: 'instance',
      seed: { keys },
      onRequest: ({ action }) => actions.push(action),
    });
    env = emulatorEnvironment(emulator, {});
  });
  afterAll(() => emulator.close());

  it('list-keys -q prints every id once, in three calls', async () => {
    actions.length = 0;
    const { status, stdout } = await run(env, 'list-keys', '-q');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual(keyIds);
    expect(actions).toEqual(['ListKeys', 'ListKeys', 'ListKeys']);
  });

  it('list-keys describes every key in its place', async () => {
    actions.length = 0;
    const { stdout } = await run(env, 'list-keys', '--json');
    const { Keys } = JSON.parse(stdout) as { Keys: { KeyId: string; KeySpec: string; Aliases: string[] }[] };
    expect(Keys.map(({ KeyId, KeySpec, Aliases }) => [KeyId, KeySpec, Aliases])).toEqual(
      keyIds.map((keyId) => [keyId, 'EC_P256', [`alias/of-${keyId}`]]),
    );
    expect(actions.filter((action) => action === 'ListAliases')).toHaveLength(3);
    expect(actions.filter((action) => action === 'DescribeKey')).toHaveLength(COUNT);
  });

  it('list-aliases lists every alias once', async () => {
    const { stdout } = await run(env, 'list-aliases', '-q');
    expect(stdout.trimEnd().split('\n')).toEqual(keyIds.map((keyId) => `alias/of-${keyId}`));
  });
});

describe('on a connection that breaks', () => {
  it('changes that were made although the answer got lost have succeeded', async () => {
    const emulator = await startEmulator({ hsm: 'software', faults: { drop: 0.4, seed: 5 } });
    onTestFinished(() => emulator.close());
    const env = emulatorEnvironment(emulator, {});
    // Each attempt is dropped with 0.4, half of them after the call was carried out.
    const patient = ['--retry-count', '30'];
    const keyId = (await keyOf(env)).trim();
    for (let round = 0; round < 8; round++) {
      const alias = `alias/a${round}`;
      for (const argv of [
        ['create-alias', '--alias', alias, '--key-id', keyId],
        ['disable-key', '--key-id', keyId],
        ['enable-key', '--key-id', keyId],
        ['delete-alias', '--alias', alias],
      ]) {
        const { status, stderr } = await run(env, ...argv, ...patient);
        expect(status, `${argv.join(' ')}\n${stderr}`).toBe(0);
      }
    }
  }, 120_000);

  /** CreateKey is not repeated when its answer may be lost: whoever wants a key tries again. */
  async function keyOf(env: NodeJS.ProcessEnv): Promise<string> {
    for (;;) {
      const { status, stdout } = await run(
        env,
        'create-key',
        '-q',
        '--key-spec',
        'EC_P256',
        '--key-usage',
        'SIGN/VERIFY',
      );
      if (status === 0) return stdout;
    }
  }
});

describe('a service that sends control characters', () => {
  const HOSTILE = 'nice\u001b[2J\u001b]0;owned\u0007\nKeyState: Enabled\u202e\u009b31m';
  const KEY = { KeyId: 'key-1', KeyState: 'Enabled', Description: HOSTILE, Creator: HOSTILE };

  it('has them shown as what they are, and kept in JSON as escapes', async () => {
    const server = await serve(({ headers }, response) => {
      const isDescription = headers['x-acs-action'] === 'DescribeKey';
      json(response, 200, isDescription ? { KeyMetadata: KEY } : { Aliases: { Alias: [] }, TotalCount: 0 });
    });
    const env = { ...CREDENTIALS, KMS_ASYM_ENDPOINT: server.endpoint };
    const shown = await run(env, 'describe-key', '--key-id', 'key-1');
    expect(shown.stdout.split('\n').filter((line) => line.startsWith('KeyState'))).toHaveLength(1);
    expect(shown.stdout).not.toMatch(/[^\n -~\ufffd]/);
    const object = await run(env, 'describe-key', '--key-id', 'key-1', '--json');
    expect(object.stdout).not.toMatch(/[^\n -~]/);
    expect(JSON.parse(object.stdout)).toMatchObject({ Description: HOSTILE });
  });

  it.each([
    ['list-keys', { Keys: { Key: [{ KeyId: HOSTILE }] }, TotalCount: 1 }],
    ['list-aliases', { Aliases: { Alias: [{ AliasName: HOSTILE, KeyId: 'k' }] }, TotalCount: 1 }],
  ])('%s refuses ids that are none', async (command, body) => {
    const server = await serve((_request, response) => {
      json(response, 200, body);
    });
    const { status, stdout, stderr } = await run(
      { ...CREDENTIALS, KMS_ASYM_ENDPOINT: server.endpoint },
      command,
    );
    expect([status, stdout]).toEqual([6, '']);
    expect(stderr).not.toMatch(/[^\n -~]/);
  });
});
