import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
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
