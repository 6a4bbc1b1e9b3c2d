import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KmsAsymError } from '../../src/errors.js';
import type { KmsClientOptions } from '../../src/kms/client.js';
import { KmsTransport } from '../../src/kms/transport.js';
import { Credential } from '../../src/kms/vendor.js';
import { parseEndpoint } from '../../src/kms/endpoint.js';
import { openHttpChannel } from '../../src/kms/http.js';
import { ACCESS, clientOf, json, serve, temporaryFolder, type TestServer } from './test-server.js';
import { Config } from '@alicloud/credentials';

const SECRET = 'TOPSECRETVALUE';
let home: string;
let server: TestServer;

beforeEach(async () => {
  home = temporaryFolder();
  for (const name of Object.keys(process.env))
    if (name.startsWith('ALIBABA_CLOUD_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
  server = await serve((_request, response) => {
    json(response, 200, { RequestId: 'r' });
  });
  return () => {
    vi.unstubAllEnvs();
  };
});

function writeConfig(text: string): void {
  mkdirSync(join(home, '.aliyun'), { recursive: true });
  writeFileSync(join(home, '.aliyun', 'config.json'), text);
}

async function call(options: Partial<KmsClientOptions> = {}): Promise<void> {
  const client = await clientOf(server.endpoint, { env: process.env, ...options });
  await client.createAlias('k', 'alias/a');
}

async function failure(options: Partial<KmsClientOptions> = {}): Promise<KmsAsymError> {
  const error: unknown = await call(options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(KmsAsymError);
  expect((error as KmsAsymError).code).toBe('credentials');
  expect(server.received).toEqual([]);
  return error as KmsAsymError;
}

const PROFILES = JSON.stringify({
  current: 'main',
  profiles: [
    { name: 'main', mode: 'AK', access_key_id: 'akMain', access_key_secret: SECRET },
    { name: 'temp', mode: 'StsToken', access_key_id: 'akTemp', access_key_secret: SECRET, sts_token: 'tok' },
    { name: 'odd', mode: 'RsaKeyPair', access_key_id: 'akOdd', access_key_secret: SECRET },
  ],
});

function accessKey(): string | undefined {
  return /Credential=([^,]*)/.exec(server.received[0]?.headers.authorization ?? '')?.[1];
}

describe('found', () => {
  it('in the given environment, not in that of the process', async () => {
    await call({ env: ACCESS });
    expect(accessKey()).toBe('LTAItest');
  });

  it('in the current profile of the aliyun CLI', async () => {
    writeConfig(PROFILES);
    await call();
    expect(accessKey()).toBe('akMain');
    expect(server.received[0]?.headers['x-acs-credentials-provider']).toBe('default/cli_profile');
  });

  it('in the profile that was asked for, whatever the environment says', async () => {
    writeConfig(PROFILES);
    await call({ profile: 'temp', env: ACCESS });
    expect(accessKey()).toBe('akTemp');
    expect(server.received[0]?.headers['x-acs-security-token']).toBe('tok');
  });

  it('in the environment before any profile', async () => {
    writeConfig(PROFILES);
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'akEnv');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', SECRET);
    await call();
    expect(accessKey()).toBe('akEnv');
  });

  it('as a bearer token, which takes the place of a signature', async () => {
    const channel = await openHttpChannel('http:', { connectTimeoutMs: 2000, readTimeoutMs: 2000 });
    const transport = new KmsTransport({
      endpoint: parseEndpoint(server.endpoint),
      credential: new Credential(new Config({ type: 'bearer', bearerToken: 'bear' })),
      channel,
      userAgent: 'test',
    });
    await transport.invoke('A', {});
    channel.close();
    expect(server.received[0]?.headers).toMatchObject({ 'x-acs-bearer-token': 'bear' });
    expect(server.received[0]?.headers.authorization).toBeUndefined();
    expect(server.received[0]?.query).toEqual({ SignatureType: 'BEARERTOKEN' });
  });
});

describe('not found', () => {
  it('names the variables to set', async () => {
    const error = await failure();
    expect(error.message).toBe('no usable credentials found');
    expect(error.hints[0]).toMatch(/ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET/);
  });

  it.each(['', undefined])('counts an access key without its secret (%j) as none', async (secret) => {
    await failure({ env: { ...ACCESS, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret } });
  });

  it('names a profile that does not exist as the reason', async () => {
    writeConfig(PROFILES);
    const error = await failure({ profile: 'nobody' });
    expect(error.message).toBe('the aliyun CLI configuration has no such profile');
  });

  it('names a mode that is not supported as the reason', async () => {
    writeConfig(PROFILES);
    expect((await failure({ profile: 'odd' })).message).toContain('mode of this aliyun CLI profile');
  });

  it('says that profiles are turned off', async () => {
    vi.stubEnv('ALIBABA_CLOUD_CLI_PROFILE_DISABLED', 'true');
    const error = await failure({ profile: 'main' });
    expect(error.hints).toEqual(['unset ALIBABA_CLOUD_CLI_PROFILE_DISABLED']);
  });

  it.each(['default chain', 'profile'])('never shows a broken configuration (%s)', async (way) => {
    writeConfig(`${PROFILES.slice(0, -3)},,, "access_key_secret": "${SECRET}"`);
    const error = await failure(way === 'profile' ? { profile: 'main' } : {});
    expect(error.message).toBe('the aliyun CLI configuration is not valid JSON');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('akMain');
  });

  it.each([
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'LTAI\n'],
    ['ALIBABA_CLOUD_SECURITY_TOKEN', 'tökén'],
  ])('refuses a %s that cannot be sent, without showing it', async (name, value) => {
    const error = await failure({ env: { ...ACCESS, [name]: value } });
    expect(error.message).toBe('the access key id or token holds characters that cannot be sent');
  });
});

it('outside ECS the hint names the variable that saves the wait for its metadata service', async () => {
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', undefined);
  const start = performance.now();
  const error = await failure();
  expect(performance.now() - start).toBeLessThan(8000);
  expect(error.hints.at(-1)).toContain('ALIBABA_CLOUD_ECS_METADATA_DISABLED=true');
}, 15_000);
