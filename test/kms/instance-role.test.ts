/** The role of the instance that the program runs on; a channel plays the metadata service, which is nowhere else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../src/kms/call-error.js';
import { CredentialChain } from '../../src/kms/credentials/chain.js';
import { isOtherHardware } from '../../src/kms/credentials/instance-role.js';
import { HttpChannel, type HttpAnswer, type HttpRequest } from '../../src/kms/http.js';
import { temporaryFolder } from './test-server.js';

const ROLE = {
  Code: 'Success',
  AccessKeyId: 'STS.instance',
  AccessKeySecret: 'secret',
  SecurityToken: 'token',
  Expiration: '2099-01-01T00:00:00Z',
};
const FOLDER = '/latest/meta-data/ram/security-credentials/';

class MetadataService extends HttpChannel {
  readonly requests: HttpRequest[] = [];

  constructor(
    public isThere: boolean,
    public role: typeof ROLE = ROLE,
  ) {
    super({ connectTimeoutMs: 1000, readTimeoutMs: 1000, env: {} });
  }

  override send(request: HttpRequest): Promise<HttpAnswer> {
    this.requests.push(request);
    if (!this.isThere)
      return Promise.reject(new CallError('network', 'nobody is there', { mayHaveActed: false }));
    const { pathname } = request.url;
    const text =
      pathname === FOLDER ? 'backup' : pathname === `${FOLDER}backup` ? JSON.stringify(this.role) : 'session';
    return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(text) });
  }

  get asked(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url.pathname}`);
  }
}

function chain(service: MetadataService, more: NodeJS.ProcessEnv = {}, isElsewhere = false): CredentialChain {
  const home = temporaryFolder();
  return new CredentialChain({ env: { HOME: home, USERPROFILE: home, ...more } }, service, () => isElsewhere);
}

describe('on an instance', () => {
  it('the role is used that it has', async () => {
    const service = new MetadataService(true);
    const { credentials, provider } = await chain(service).find();
    expect(credentials).toMatchObject({ accessKeyId: 'STS.instance', securityToken: 'token' });
    expect(provider.title).toBe('the role of this ECS instance');
    expect(service.asked).toContain(`GET ${FOLDER}`);
    expect(service.asked.at(-1)).toBe(`GET ${FOLDER}backup`);
  });

  it('a role that is named is not asked for, and nothing waits for long', async () => {
    const service = new MetadataService(true);
    const { credentials } = await chain(service, { ALIBABA_CLOUD_ECS_METADATA: 'backup' }).find();
    expect(credentials).toMatchObject({ accessKeyId: 'STS.instance' });
    expect(service.asked).not.toContain(`GET ${FOLDER}`);
    for (const { deadlines } of service.requests) {
      expect(deadlines).toEqual({ connectTimeoutMs: 500, readTimeoutMs: 1000 });
    }
  });

  it('a role of the credentials file is asked for as patiently', async () => {
    const service = new MetadataService(true);
    const file = join(temporaryFolder(), 'credentials');
    writeFileSync(file, '[default]\ntype = ecs_ram_role\nrole_name = backup\n');
    const { credentials } = await chain(service, { ALIBABA_CLOUD_CREDENTIALS_FILE: file }).find();
    expect(credentials).toMatchObject({ accessKeyId: 'STS.instance' });
    expect(service.requests[0]?.deadlines).toEqual({ connectTimeoutMs: 500, readTimeoutMs: 1000 });
  });

  it('a role is the identity that assumes another one', async () => {
    const service = new MetadataService(true);
    const home = temporaryFolder();
    mkdirSync(join(home, '.aliyun'));
    const role = { ram_role_arn: 'acs:ram::1:role/a', ram_session_name: 's', expired_seconds: 900 };
    const profiles = [
      { name: 'ecs', mode: 'EcsRamRole', ram_role_name: 'backup' },
      { name: 'chain', mode: 'ChainableRamRoleArn', source_profile: 'ecs', ...role },
    ];
    writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'chain', profiles }));
    // What plays the metadata service answers for STS too, but with no role.
    await expect(chain(service, { HOME: home, USERPROFILE: home }).find()).rejects.toThrow(
      'profile "chain" of the aliyun CLI gives no credentials: what it answers makes no sense',
    );
    expect(service.asked.at(-1)).toBe('POST /');
    const [first, last] = [service.requests[0], service.requests.at(-1)];
    expect(first).toMatchObject({
      url: { hostname: '100.100.100.200' },
      deadlines: { connectTimeoutMs: 500 },
    });
    expect(last).toMatchObject({ url: { hostname: 'sts.aliyuncs.com' } });
    expect(last?.deadlines).toBeUndefined();
  });

  it('a metadata service that was silent for a moment is asked again the next time', async () => {
    const soon = new Date(Date.now() + 30 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
    const service = new MetadataService(true, { ...ROLE, Expiration: soon });
    const credentials = chain(service);
    await credentials.find();
    service.isThere = false;
    await expect(credentials.find()).resolves.toMatchObject({ credentials: { accessKeyId: 'STS.instance' } });
    service.isThere = true;
    service.role = { ...ROLE, AccessKeyId: 'STS.renewed' };
    await expect(credentials.find()).resolves.toMatchObject({ credentials: { accessKeyId: 'STS.renewed' } });
  });

  it('whose metadata service is silent, it is asked once', async () => {
    const service = new MetadataService(false);
    const hints = ['ALIBABA_CLOUD_ECS_METADATA_DISABLED=true saves asking its metadata service'];
    await expect(chain(service).find()).rejects.toMatchObject({
      code: 'credentials',
      message: 'no credentials found',
      hints: expect.arrayContaining([expect.stringContaining(hints[0] ?? '')]) as string[],
    });
    expect(service.requests).toHaveLength(1);
  });
});

describe('nothing is asked', () => {
  it.each([
    ['where the hardware is another', {}, true],
    ['where the environment says so', { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' }, false],
    [
      'for a role that is named, where the environment says so',
      { ALIBABA_CLOUD_ECS_METADATA: 'backup', ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' },
      false,
    ],
  ])('%s', async (_where, env, isElsewhere) => {
    const service = new MetadataService(true);
    const error: unknown = await chain(service, env, isElsewhere)
      .find()
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'credentials', message: 'no credentials found' });
    expect(JSON.stringify(error)).not.toContain('metadata service');
    expect(service.requests).toEqual([]);
  });
});

it.runIf(process.platform === 'linux').each([
  ['Alibaba Cloud ECS\n', false],
  ['Standard PC (Q35)\n', true],
])('the firmware tells an instance: %j', (name, isOther) => {
  const file = join(temporaryFolder(), 'product_name');
  writeFileSync(file, name);
  expect(isOtherHardware(file)).toBe(isOther);
  expect(isOtherHardware(join(file, 'missing'))).toBe(false);
});
