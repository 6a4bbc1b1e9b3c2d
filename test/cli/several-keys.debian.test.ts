/** A file for several keys, the first of them in trouble: any key opens it, and if none does, each is explained. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { memoryStdio } from './memory-stdio.js';

const PLAINTEXT = 'for several keys';
const GOOD = ['key-good-1', 'key-good-2', 'key-good-3'] as const;

/** What can be wrong with a key, and what is said about it. */
const TROUBLES = {
  disabled: { key: 'key-disabled', status: 4, says: /disabled/i },
  denied: { key: 'key-denied', status: 4, says: /permission|not allowed|Forbidden/i },
  throttled: { key: 'key-throttled', status: 6, says: /thrott/i },
  gone: { key: 'key-gone', status: 3, says: /exist|not found|key-gone/i },
} as const;
type Trouble = keyof typeof TROUBLES;

let emulator: Emulator;
let gateway: Server;
let dir: string;
/** KeyIds of AsymmetricDecrypt calls. */
let calls: string[] = [];

const at = (name: string): string => join(dir, name);
const publicKey = (keyId: string): string[] => ['--public-key', at(`${keyId}.pem`)];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-several-'));
  const ids = [...GOOD, 'key-disabled', 'key-denied', 'key-throttled'];
  emulator = await startEmulator({
    hsm: inject('hsm'),
    seed: { keys: ids.map((KeyId) => ({ KeyId, KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT' })) },
    deny: [{ action: 'AsymmetricDecrypt', keyId: 'key-denied' }],
  });
  gateway = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const keyId = /[?&]KeyId=([^&]*)/.exec(url)?.[1] ?? '';
    if (headers['x-acs-action'] === 'AsymmetricDecrypt') calls.push(keyId);
    if (keyId === 'key-throttled' && headers['x-acs-action'] === 'AsymmetricDecrypt') {
      outgoing.writeHead(429, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify({ Code: 'Rejected.Throttling', Message: 'Slow down.', RequestId: 'r-429' }),
      );
      return;
    }
    const forwarded = request(`${emulator.endpoint}${url}`, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  for (const id of ids)
    expect((await run(['get-public-key', '--key-id', id, '-o', at(`${id}.pem`)])).status).toBe(0);
  const gone = readFileSync(at('key-good-1.pem'), 'utf8').replace(/^KeyId: .*/m, 'KeyId: key-gone');
  writeFileSync(at('key-gone.pem'), gone);
  expect((await run(['disable-key', '--key-id', 'key-disabled'])).status).toBe(0);
  const identity = await generateX25519Identity();
  writeFileSync(at('identity'), `${identity}\n`);
  writeFileSync(at('recipient'), `${await identityToRecipient(identity)}\n`);
  writeFileSync(at('plain'), PLAINTEXT);
});

afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await emulator.close();
  rmSync(dir, { recursive: true });
});

beforeEach(() => (calls = []));

async function run(argv: string[]) {
  const stdio = memoryStdio();
  const { port } = gateway.address() as AddressInfo;
  const env = { ...emulatorEnvironment(emulator, {}), KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}` };
  const status = await main([...argv, '--retry-count', '0'], {
    stdio,
    env,
    interceptSignals: () => () => undefined,
  });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

async function encrypt(keys: readonly string[], isForX25519: boolean): Promise<string> {
  const others = isForX25519 ? ['-R', at('recipient')] : [];
  const { status, stderr } = await run([
    'encrypt',
    '--format',
    'age',
    ...keys.flatMap(publicKey),
    ...others,
    at('plain'),
    '-o',
    at('file'),
    '--force',
  ]);
  expect([status, stderr]).toEqual([0, '']);
  return at('file');
}

const TABLE = (Object.keys(TROUBLES) as Trouble[]).flatMap((trouble) =>
  [1, 2, 3].flatMap((count) => [false, true].map((isForX25519) => ({ trouble, count, isForX25519 }))),
);

describe.each(TABLE)(
  'for $count KMS keys, the first $trouble, and X25519: $isForX25519',
  ({ trouble, count, isForX25519 }) => {
    const { key, status, says } = TROUBLES[trouble];
    const keys = [key, ...GOOD.slice(0, count - 1)];

    it('decrypts with the next key, or says what is wrong with the only one', async () => {
      const result = await run(['decrypt', await encrypt(keys, isForX25519)]);
      if (count > 1) {
        expect(result).toEqual({ status: 0, stdout: PLAINTEXT, stderr: '' });
        expect(calls).toEqual(keys.slice(0, 2));
      } else {
        expect(result).toMatchObject({ status, stdout: '' });
        expect(result.stderr).toMatch(says);
        expect(calls).toEqual([key]);
      }
      expect(result.stderr.includes('-i KEY-FILE opens it')).toBe(count === 1 && isForX25519);
    });

    it('decrypts with the age identity without a call, where it is for one', async () => {
      const file = await encrypt(keys, isForX25519);
      const result = await run(['decrypt', file, '-i', at('identity')]);
      expect(calls).toEqual([]);
      if (isForX25519) {
        expect(result).toEqual({ status: 0, stdout: PLAINTEXT, stderr: '' });
        expect(execFileSync('age', ['-d', '-i', at('identity'), file], { encoding: 'utf8' })).toBe(PLAINTEXT);
      } else {
        expect(result).toMatchObject({ status: 3, stdout: '' });
        expect(result.stderr).toContain('no key at hand opens the file: it is for "alikms"');
        expect(result.stderr).toContain('leave -i out');
      }
    });

    it('is rewrapped through the next key, or left as it is', async () => {
      const file = await encrypt(keys, isForX25519);
      const before = readFileSync(file);
      const result = await run(['rewrap', '--to', at('key-good-3.pem'), file]);
      expect(result.status).toBe(count > 1 ? 0 : status);
      expect(calls).toEqual(keys.slice(0, 2));
      if (count === 1) expect(readFileSync(file).equals(before)).toBe(true);
      else expect(await run(['decrypt', file])).toMatchObject({ status: 0, stdout: PLAINTEXT });
    });
  },
);

describe('when no key opens the file', () => {
  const all = Object.values(TROUBLES);

  it.each([false, true])(
    'each is explained, in the order of the file, with X25519 beside them: %s',
    async (isForX25519) => {
      const result = await run([
        'decrypt',
        await encrypt(
          all.map(({ key }) => key),
          isForX25519,
        ),
      ]);
      expect(calls).toEqual(all.map(({ key }) => key));
      expect(result).toMatchObject({ status: 4, stdout: '' });
      const lines = result.stderr.split('\n');
      expect(lines[0]).toBe('kms-asym: error: none of the 4 stanzas for KMS keys could be opened');
      expect(lines.filter((line) => line.includes('RequestId'))).toHaveLength(1 + all.length);
      const reports = lines.filter((line) => line.startsWith('kms-asym: hint: key "key-'));
      expect(reports.map((line) => /key "(.*?)"/.exec(line)?.[1])).toEqual(all.map(({ key }) => key));
      all.forEach(({ says }, index) => expect(reports[index]).toMatch(says));
      expect(result.stderr.includes('-i KEY-FILE opens it')).toBe(isForX25519);
    },
  );

  it('the fifth and later stanzas make no call, though they would open it', async () => {
    const troubled = all.map(({ key }) => key);
    for (const keys of [
      [...troubled, ...GOOD],
      [...troubled, 'key-good-1'],
    ]) {
      calls = [];
      const result = await run(['decrypt', await encrypt(keys, false)]);
      expect(calls).toEqual(troubled);
      expect(result.stderr).toContain(`none of the first 4 of ${keys.length} stanzas`);
      expect(result.stderr).toContain(`${keys.length - 4} more were not tried`);
      expect(result.status).toBe(4);
    }
  });

  it('flags choose the stanza behind them', async () => {
    const file = await encrypt([...all.map(({ key }) => key), 'key-good-2'], false);
    expect(await run(['decrypt', file, ...publicKey('key-good-2')])).toMatchObject({
      status: 0,
      stdout: PLAINTEXT,
    });
    expect(calls).toEqual(['key-good-2']);
  });
});
