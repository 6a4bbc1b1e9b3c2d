import { existsSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { temporaryFolder } from '../kms/test-server.js';
import { memoryStdio } from './memory-stdio.js';

/** Answers of a service in trouble, taken in order for one action; everything else reaches the emulator. */
type Trouble = Record<string, { status: number; code?: string; body?: object }[]>;

let emulator: Emulator;
let gateway: Server;
let trouble: Trouble = {};

beforeAll(async () => {
  emulator = await startEmulator({ hsm: 'software' });
  gateway = createServer((incoming, outgoing) => {
    const answer = trouble[String(incoming.headers['x-acs-action'])]?.shift();
    if (answer) {
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' });
      const refusal = { Code: answer.code, Message: 'Not now.', RequestId: 'r-1' };
      outgoing.end(JSON.stringify(answer.body ?? refusal));
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = request(`${emulator.endpoint}${url ?? ''}`, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await emulator.close();
});

async function run(argv: string[], failures: Trouble) {
  trouble = failures;
  const stdio = memoryStdio();
  const { port } = gateway.address() as AddressInfo;
  const env = { ...emulatorEnvironment(emulator, {}), KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}` };
  const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

const REFUSED = { status: 403, code: 'Forbidden.NoPermission' };

it('prints the id of a created key even when its version cannot be had', async () => {
  const { status, stdout, stderr } = await run(['create-key'], { ListKeyVersions: [REFUSED] });
  expect(stdout).toMatch(/^KeyId: key-\w+\n$/);
  expect(stderr).toMatch(
    /^kms-asym: warning: key "key-\w+" was created, but its version is not known yet: .*\n$/,
  );
  expect(status).toBe(0);
});

it('leaves the unknown version out of the JSON, with a warning', async () => {
  const { status, stdout, stderr } = await run(['create-key', '--json'], { ListKeyVersions: [REFUSED] });
  const key = JSON.parse(stdout) as Record<string, string>;
  expect(key['KeyId']).toMatch(/^key-/);
  expect(key).not.toHaveProperty('KeyVersionId');
  expect(JSON.parse(stderr)).toHaveProperty('Warning');
  expect(status).toBe(0);
});

it('keeps the id of a created key when the rest of the answer is missing', async () => {
  const { status, stdout } = await run(['create-key', '-q'], {
    CreateKey: [{ status: 200, body: { KeyMetadata: { KeyId: 'key-lonely' }, RequestId: 'r-2' } }],
  });
  expect(stdout).toBe('key-lonely\n');
  expect(status).toBe(0);
});

it('says once per wait that it tries again, and then succeeds', async () => {
  const busy = { status: 503, code: 'ServiceUnavailableTemporary' };
  const { status, stderr } = await run(['create-key', '-q'], { ListKeyVersions: [busy] });
  expect(status).toBe(0);
  expect(stderr).toBe('');
  const loud = await run(['create-key'], { ListKeyVersions: [busy] });
  expect(loud.stderr).toMatch(/^kms-asym: ListKeyVersions: .*; trying again in \d+\.\d s \(1 of 5\)\n$/);
});

it('shows code and RequestId of a refusal', async () => {
  const { status, stderr } = await run(['get-public-key', '--key-id', 'key-x'], {
    ListKeyVersions: [REFUSED],
  });
  expect(status).toBe(4);
  expect(stderr).toContain('Forbidden.NoPermission (HTTP 403, RequestId r-1)');
  expect(stderr).toContain('kms:ListKeyVersions');
});

it('leaves an alias out of the JSON that could not be made, and then says so', async () => {
  const { status, stdout, stderr } = await run(['create-key', '--json', '--alias', 'alias/x'], {
    CreateAlias: [REFUSED],
  });
  expect(JSON.parse(stdout)).not.toHaveProperty('Alias');
  expect((JSON.parse(stderr) as { Error: object }).Error).toMatchObject({
    Code: 'service-refused',
    Message: expect.stringMatching(/^key "key-\w+" was created, but not its alias: /) as string,
    Service: { Action: 'CreateAlias', RequestId: 'r-1' },
  });
  expect(status).toBe(4);
});

it('shows no RequestId where the answer has none', async () => {
  const { stderr } = await run(['describe-key', '--key-id', 'key-x'], {
    DescribeKey: [{ status: 404, body: { Code: 'Forbidden.KeyNotFound', Message: 'No.' } }],
  });
  expect(stderr).toContain('Forbidden.KeyNotFound (HTTP 404)\n');
});

describe('a key in the service', () => {
  let folder = '';
  let keyId = '';
  let versionId = '';
  let alias = '';
  const file = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = temporaryFolder();
    writeFileSync(file('plain'), 'plaintext');
    alias = `alias/${folder.split('-').at(-1)?.toLowerCase() ?? ''}-${Date.now()}`;
    const { stdout } = await run(['create-key', '--alias', alias], {});
    [, keyId = '', versionId = ''] = /^KeyId: (.*)\nKeyVersionId: (.*)\n$/.exec(stdout) ?? [];
  });

  const encrypt = (failures: Trouble, ...flags: string[]) =>
    run(['encrypt', '--key-id', keyId, ...flags, file('plain'), '-o', file('cipher')], failures);
  const decrypt = (failures: Trouble, ...flags: string[]) =>
    run(['decrypt', ...flags, file('cipher'), '-o', file('out')], failures);

  it('encrypts for whoever may not look at it', async () => {
    expect(await encrypt({ DescribeKey: [REFUSED] })).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('does not encrypt when the look at it fails for another reason', async () => {
    const { status } = await encrypt({ DescribeKey: [{ status: 503 }] }, '--retry-count', '0');
    expect(status).toBe(6);
    expect(existsSync(file('cipher'))).toBe(false);
  });

  it.each(['age', 'oaep'])('is not trusted with what it decrypts to something else: %s', async (format) => {
    const body = { KeyId: keyId, KeyVersionId: versionId, Plaintext: 'c29tZXRoaW5nIGVsc2U=', RequestId: 'r' };
    const { status, stderr } = await encrypt(
      { AsymmetricDecrypt: [{ status: 200, body }] },
      ...['--verify', '--format', format],
    );
    expect(stderr).toContain('nothing was written, since --verify failed');
    expect(stderr).toContain('KMS decrypts it to something else');
    expect(status).toBe(3);
    expect(existsSync(file('cipher'))).toBe(false);
  });

  it('does not decrypt to more than fits into the ciphertext', async () => {
    await encrypt({});
    const body = { KeyId: keyId, KeyVersionId: versionId, Plaintext: 'A'.repeat(344), RequestId: 'r' };
    const { status, stderr } = await decrypt(
      { AsymmetricDecrypt: [{ status: 200, body }] },
      '--key-id',
      keyId,
    );
    expect(stderr).toContain('Plaintext');
    expect(status).toBe(6);
    expect(existsSync(file('out'))).toBe(false);
  });

  it('is searched for a cause only as far as one may look', async () => {
    await encrypt({});
    const failing = { status: 400, code: 'InvalidParameter' };
    const { status, stderr } = await decrypt(
      { AsymmetricDecrypt: [failing, failing, failing], ListKeyVersions: [REFUSED], DescribeKey: [REFUSED] },
      ...['--key-id', alias, '--key-version-id', 'v', '--algorithm', 'RSAES_OAEP_SHA_256'],
    );
    expect(stderr).toContain('does not decrypt with key version "v"');
    expect(stderr).toContain('it is damaged, or was encrypted to another key');
    expect(stderr).not.toContain('stands for');
    expect(status).toBe(3);
  });
});
