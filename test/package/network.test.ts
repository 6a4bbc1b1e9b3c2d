import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { startProxy } from '../kms/test-proxy.js';
import { listen, makeCertificates, temporaryFolder } from '../kms/test-server.js';
import { type Installation, packAndInstall } from './install.js';

const HOST = 'kms.cn-hangzhou.aliyuncs.com';
const TOKEN = 'STS-TOKEN-OF-THE-TEST';

let installation: Installation;
beforeAll(() => {
  installation = packAndInstall();
});
afterAll(() => {
  installation.remove();
});

interface Ended {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** One run of the installed executable, beside the servers of this process. */
function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const bin = join(installation.package, 'dist', 'kms-asym.cjs');
  const startMs = performance.now();
  const child = spawn(process.execPath, [bin, ...argv], { env: { PATH: process.env['PATH'], ...env } });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (status) => {
      resolve({ status, stdout: Buffer.concat(stdout), stderr, elapsedMs: performance.now() - startMs });
    });
  });
}

/** An emulator that ends with the test, the environment of its clients, and a folder with a key and a ciphertext. */
async function setUp(options: EmulatorOptions = {}) {
  const folder = temporaryFolder();
  const seed = {
    keys: [{ KeyId: 'key-a', KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT', ProtectionLevel: 'SOFTWARE' }],
  };
  const emulator = await startEmulator({ hsm: 'software', seed, ...options });
  onTestFinished(() => emulator.close());
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, emulator.caPem ?? '');
  const clean = { HOME: folder, USERPROFILE: folder, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  const env = emulatorEnvironment(emulator, clean, emulator.caPem === undefined ? undefined : caFile);
  return { folder, emulator, env };
}

async function withCiphertext(folder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const [key, plain, cipher] = ['key.pem', 'plain', 'cipher'].map((name) => join(folder, name));
  writeFileSync(plain ?? '', 'this is plaintext');
  const patient = ['--retry-count', '20', '-q'];
  for (const argv of [
    ['get-public-key', '--key-id', 'key-a', '-o', key ?? '', ...patient],
    ['encrypt', '--format', 'oaep', '--public-key', key ?? '', plain ?? '', '-o', cipher ?? ''],
  ]) {
    const { status, stderr } = await run(argv, env);
    expect(status, stderr).toBe(0);
  }
  return ['decrypt', '--public-key', key ?? '', cipher ?? '', '-o', '-'];
}

const FAULTS = { throttle: 0.3, error503: 0.1, drop: 0.05, slowMs: 100, seed: 5 };
const DOCUMENTED =
  /^kms-asym: error: (AsymmetricDecrypt of key "key-a" failed: .*\nkms-asym: error: (Rejected\.Throttling|ServiceUnavailableTemporary) \(HTTP \d+, RequestId .*\)|no answer from ".*": the connection was closed)\n(kms-asym: hint: .*\n)?kms-asym: hint: gave up after 6 attempts; see --retry-count\n$/;

describe('through a troubled service', () => {
  it('30 runs with --retry-count 14 all succeed, and without it end well or as documented', async () => {
    const { folder, env } = await setUp({ faults: FAULTS });
    const decrypt = await withCiphertext(folder, env);
    for (let batch = 0; batch < 10; batch++) {
      const runs = await Promise.all([0, 1, 2].map(() => run([...decrypt, '--retry-count', '14'], env)));
      for (const { status, stdout, stderr } of runs) {
        expect(status, stderr).toBe(0);
        expect(stdout.toString()).toBe('this is plaintext');
      }
      const usual = await Promise.all([0, 1, 2].map(() => run([...decrypt, '-q'], env)));
      for (const { status, stdout, stderr } of usual) {
        expect([0, 6], stderr).toContain(status);
        expect(stdout.toString()).toBe(status === 0 ? 'this is plaintext' : '');
        expect(stderr).toMatch(status === 0 ? /^$/ : DOCUMENTED);
      }
    }
  }, 120_000);
});

describe('the process ends, too, when it waits for', () => {
  const decrypt = (folder: string): string[] => {
    writeFileSync(join(folder, 'cipher'), Buffer.alloc(256, 0xaa));
    return [
      'decrypt',
      '--key-id',
      'key-a',
      '--key-version-id',
      'v',
      join(folder, 'cipher'),
      '--retry-count',
      '0',
    ];
  };

  it.each<[string, (port: number, folder: string) => NodeJS.ProcessEnv, string[]]>([
    [
      'a service that hangs',
      (port) => ({ KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}` }),
      ['--read-timeout', '1'],
    ],
    [
      'a handshake that hangs',
      (port) => ({ KMS_ASYM_ENDPOINT: `https://127.0.0.1:${port}` }),
      ['--connect-timeout', '1'],
    ],
    [
      'a proxy that hangs',
      (port) => ({ ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou', HTTPS_PROXY: `http://127.0.0.1:${port}` }),
      ['--connect-timeout', '1'],
    ],
    [
      'a program that is asked for credentials',
      (port, folder) => {
        mkdirSync(join(folder, '.aliyun'));
        const process_command = `${JSON.stringify(process.execPath)} -e "setTimeout(()=>{},60000)"`;
        const profiles = [{ name: 'slow', mode: 'External', process_command }];
        writeFileSync(join(folder, '.aliyun', 'config.json'), JSON.stringify({ current: 'slow', profiles }));
        return { KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}`, ALIBABA_CLOUD_ACCESS_KEY_ID: '' };
      },
      ['--timeout', '1'],
    ],
  ])('%s', async (_what, environment, patience) => {
    const folder = temporaryFolder();
    const server: Server = createServer();
    const port = await listen(server);
    const env = {
      HOME: folder,
      USERPROFILE: folder,
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret',
      ...environment(port, folder),
    };
    const { status, elapsedMs, stderr } = await run([...decrypt(folder), ...patience], env);
    expect(status, stderr).toBe(6);
    expect(stderr).toMatch(/within 1 s\n/);
    expect(elapsedMs).toBeLessThan(6000);
  });
});

describe('whatever DEBUG and NODE_DEBUG say', () => {
  it('no secret is printed: not through a proxy with a password, not of a token, not of a token service', async () => {
    const certificates = makeCertificates(`DNS:${HOST},DNS:sts.aliyuncs.com,IP:127.0.0.1`);
    const accessKeys = [{ id: 'STS.key', secret: 'SECRET-OF-THE-TEST', securityToken: TOKEN }];
    const tls = { certPem: certificates.cert, keyPem: certificates.key };
    const { folder, env, emulator } = await setUp({ accessKeys, tls });
    const local = { ...env, KMS_ASYM_CA_FILE: certificates.caFile };
    const decrypt = await withCiphertext(folder, local);
    const proxy = await startProxy({
      upstreamPort: Number(new URL(emulator.endpoint).port),
      credentials: 'me:PASSWORD-OF-THE-TEST',
    });
    const secrets = [
      'SECRET-OF-THE-TEST',
      TOKEN,
      'PASSWORD-OF-THE-TEST',
      'OIDC-OF-THE-TEST',
      btoa('me:PASSWORD-OF-THE-TEST'),
    ];
    const loud = {
      ...local,
      KMS_ASYM_ENDPOINT: HOST,
      HTTPS_PROXY: `http://me:PASSWORD-OF-THE-TEST@127.0.0.1:${proxy.port}`,
      DEBUG: '*',
      NODE_DEBUG: '*',
    };
    const { status, stdout, stderr } = await run([...decrypt, '-v'], loud);
    expect(status, stderr.slice(-2000)).toBe(0);
    expect(stdout.toString()).toBe('this is plaintext');
    expect(stderr).toContain('HTTP');
    expect(secrets.filter((secret) => stderr.includes(secret))).toEqual([]);
    expect(stderr).not.toMatch(/Signature=|this is plaintext/);

    writeFileSync(join(folder, 'token'), 'OIDC-OF-THE-TEST');
    const role = {
      ...loud,
      ALIBABA_CLOUD_ACCESS_KEY_ID: '',
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/ci',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ci',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: join(folder, 'token'),
    };
    // An emulator is no STS and refuses; what matters here is what the request to it leaves on stderr.
    const refused = await run(decrypt, role);
    expect(refused.status).toBe(7);
    expect(refused.stderr).toContain('AssumeRoleWithOIDC was refused');
    expect(secrets.filter((secret) => refused.stderr.includes(secret))).toEqual([]);

    // Here the token travels in the query.
    const keys = { access_key_id: 'STS.key', access_key_secret: 'SECRET-OF-THE-TEST', sts_token: TOKEN };
    const chain = { source_profile: 'base', ram_role_arn: 'acs:ram::1:role/ci', ram_session_name: 's' };
    const profiles = [
      { name: 'base', mode: 'StsToken', ...keys },
      { name: 'chain', mode: 'ChainableRamRoleArn', ...chain },
    ];
    mkdirSync(join(folder, '.aliyun'));
    writeFileSync(join(folder, '.aliyun', 'config.json'), JSON.stringify({ current: 'chain', profiles }));
    const chained = await run([...decrypt, '--profile', 'chain'], loud);
    expect(chained.stderr).toContain('AssumeRole was refused');
    expect(secrets.filter((secret) => chained.stderr.includes(secret))).toEqual([]);
    expect(proxy.targets).toEqual([`${HOST}:443`, 'sts.aliyuncs.com:443', 'sts.aliyuncs.com:443']);
    expect(readFileSync(join(folder, 'plain'), 'utf8')).toBe('this is plaintext');
  });
});
