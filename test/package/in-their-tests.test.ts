/** The emulator as other people's tests start it: the built library, in their runners. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest');

/** A project that has installed this package and vitest. */
let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'kms-asym-project-'));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(ROOT, join(project, 'node_modules', 'kms-asym'), 'junction');
  symlinkSync(VITEST, join(project, 'node_modules', 'vitest'), 'junction');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

function run(...args: string[]): string {
  // What this runner says to its own workers must not reach theirs.
  const env = { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], NO_COLOR: '1' };
  return execFileSync(process.execPath, args, { cwd: project, env, encoding: 'utf8', stdio: 'pipe' });
}

it('works in node:test', () => {
  writeFileSync(join(project, 'emulated.test.mjs'), NODE_TEST);
  const report = run('--test', '--test-reporter=tap', 'emulated.test.mjs');
  expect(report).toMatch(/^# pass 2$/m);
  expect(report).toMatch(/^# fail 0$/m);
});

it('can be required by CommonJS as well', () => {
  const names = run('-p', "Object.keys(require('kms-asym')).sort().join()");
  expect(names).toMatch(/\bcreateKmsClient\b.*\bstartEmulator\b/);
});

it('works in vitest as the README shows', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);
  const example = blocks.find((code) => code.includes("from 'vitest'")) ?? '';
  expect(example).toContain("import { createKmsClient, startEmulator } from 'kms-asym';");
  writeFileSync(join(project, 'readme.test.ts'), example);
  const report = run(join(VITEST, 'vitest.mjs'), 'run', '--root', project, 'readme.test.ts');
  expect(report).toMatch(/Tests +1 passed/);
});

const NODE_TEST = `
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { createKmsClient, KmsAsymError, startEmulator } from 'kms-asym';

let emulator;
let kms;
const records = [];
before(async () => {
  emulator = await startEmulator({
    hsm: 'software',
    tls: true,
    accessKeys: [{ id: 'STS.test', secret: 'secret', securityToken: 'token', expiresMs: Date.now() + 60_000 }],
    deny: [{ action: 'AsymmetricDecrypt' }],
    onRequest: (record) => records.push(record),
  });
  const { endpoint, region, caPem } = emulator;
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: emulator.securityToken,
  };
  kms = await createKmsClient({
    endpoint, region, caPem, env, connectTimeoutMs: 5000, readTimeoutMs: 5000, retryCount: 0,
  });
});
after(async () => {
  kms.close();
  await emulator.close();
});

test('a client calls it over TLS, with a session', async () => {
  const { keyId } = await kms.createKey({
    keySpec: 'RSA_2048', keyUsage: 'ENCRYPT/DECRYPT', protectionLevel: 'SOFTWARE', origin: 'Aliyun_KMS',
  });
  const [{ keyVersionId }] = await kms.listKeyVersions(keyId);
  await assert.rejects(
    kms.asymmetricDecrypt({ keyId, keyVersionId }, 'RSAES_OAEP_SHA_256', new Uint8Array(256)),
    (error) => error instanceof KmsAsymError && error.service.code === 'Forbidden.NoPermission',
  );
  assert.deepEqual(records.map(({ action, status }) => [action, status]), [
    ['CreateKey', 200], ['ListKeyVersions', 200], ['AsymmetricDecrypt', 403],
  ]);
});

test('it is not reached without its authority', async () => {
  const health = (ca) => new Promise((resolve, reject) => {
    https.get(emulator.endpoint + '/healthz', { ca, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
  assert.equal(await health(emulator.caPem), 200);
  await assert.rejects(health(undefined), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});
`;
