import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { KmsAsymError } from '../../src/errors.js';
import type { KmsClientOptions } from '../../src/kms/client.js';
import { CredentialChain } from '../../src/kms/credentials/chain.js';
import { HttpChannel } from '../../src/kms/http.js';
import { startProxy } from './test-proxy.js';
import {
  ACCESS,
  type Certificates,
  clientOf,
  json,
  makeCertificates,
  serve,
  temporaryFolder,
  type TestServer,
} from './test-server.js';

const SECRET = 'TOPSECRETVALUE';
let home: string;
let server: TestServer;
/** No credentials, and no question to a metadata service. */
let none: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = temporaryFolder();
  none = { HOME: home, USERPROFILE: home, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  server = await serve((_request, response) => {
    json(response, 200, { RequestId: 'r' });
  });
});

function writeConfig(content: unknown): void {
  mkdirSync(join(home, '.aliyun'), { recursive: true });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(home, '.aliyun', 'config.json'), text);
}

async function call(env: NodeJS.ProcessEnv = none, options: Partial<KmsClientOptions> = {}): Promise<void> {
  const client = await clientOf(server.endpoint, { env, ...options });
  await client.createAlias('k', 'alias/a');
}

async function failure(
  env: NodeJS.ProcessEnv = none,
  options: Partial<KmsClientOptions> = {},
): Promise<KmsAsymError> {
  const error: unknown = await call(env, options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(KmsAsymError);
  expect(server.received).toEqual([]);
  for (const secret of [SECRET, 'akMain'])
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
  return error as KmsAsymError;
}

function accessKey(): string | undefined {
  return /Credential=([^,]*)/.exec(server.received[0]?.headers.authorization ?? '')?.[1];
}

const profile = (name: string, mode: string, more: object = {}): object => ({
  name,
  mode,
  access_key_id: `ak${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`,
  access_key_secret: SECRET,
  ...more,
});
const PROFILES = {
  current: 'main',
  profiles: [
    profile('main', 'AK'),
    profile('temp', 'StsToken', { sts_token: 'tok' }),
    profile('odd', 'RsaKeyPair'),
    profile('half', 'AK', { access_key_secret: '' }),
    { name: 'bear', mode: 'BearerToken', bearer_token: 'bear' },
  ],
};

describe('found', () => {
  it('in the given environment, not in that of the process', async () => {
    await call(ACCESS);
    expect(accessKey()).toBe('LTAItest');
  });

  it.each(['ALIBABACLOUD', 'ALICLOUD'])('under the older prefix %s, never mixing two', async (prefix) => {
    await call({
      ...none,
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'alone',
      ALIBABA_CLOUD_SECURITY_TOKEN: 'of-another',
      [`${prefix}_ACCESS_KEY_ID`]: 'older',
      [`${prefix}_ACCESS_KEY_SECRET`]: SECRET,
    });
    expect(accessKey()).toBe('older');
    expect(server.received[0]?.headers).not.toHaveProperty('x-acs-security-token');
  });

  it('in the current profile of the aliyun CLI, also behind a byte order mark', async () => {
    writeConfig(`\ufeff${JSON.stringify(PROFILES)}`);
    await call();
    expect(accessKey()).toBe('akMain');
    expect(server.received[0]?.headers['x-acs-credentials-provider']).toBe('static_ak');
  });

  it('in the profile that was asked for, whatever the environment says', async () => {
    writeConfig(PROFILES);
    await call({ ...none, ...ACCESS }, { profile: 'temp' });
    expect(accessKey()).toBe('akTemp');
    expect(server.received[0]?.headers['x-acs-security-token']).toBe('tok');
  });

  it.each(['main', 'temp', 'bear', 'of the SDKs'])(
    'once in profile "%s", which holds its keys',
    async (name) => {
      if (name === 'of the SDKs') {
        mkdirSync(join(home, '.alibabacloud'));
        const section = `[default]\ntype = access_key\naccess_key_id = akIni\naccess_key_secret = ${SECRET}\n`;
        writeFileSync(join(home, '.alibabacloud', 'credentials'), section);
      } else writeConfig({ ...PROFILES, current: name });
      const chain = new CredentialChain(
        { env: none },
        new HttpChannel({ connectTimeoutMs: 1, readTimeoutMs: 1 }),
      );
      const { credentials } = await chain.find();
      expect((await chain.find()).credentials).toBe(credentials);
    },
  );

  it.each(['ALIBABA_CLOUD_PROFILE', 'ALIBABACLOUD_PROFILE', 'ALICLOUD_PROFILE'])(
    'in the profile that %s names',
    async (variable) => {
      writeConfig(PROFILES);
      await call({ ...none, [variable]: 'temp' });
      expect(accessKey()).toBe('akTemp');
    },
  );

  it('in the environment before any profile', async () => {
    writeConfig(PROFILES);
    await call({ ...none, ...ACCESS, ALIBABA_CLOUD_PROFILE: 'temp' });
    expect(accessKey()).toBe('LTAItest');
  });

  it('in a bearer token, which takes the place of a signature', async () => {
    writeConfig(PROFILES);
    await call(none, { profile: 'bear' });
    expect(server.received[0]?.headers).toMatchObject({ 'x-acs-bearer-token': 'bear' });
    expect(server.received[0]?.headers.authorization).toBeUndefined();
    expect(server.received[0]?.query).toMatchObject({ SignatureType: 'BEARERTOKEN' });
  });

  it("in the SDKs' own file, in the section that the environment names", async () => {
    mkdirSync(join(home, '.alibabacloud'));
    const text = `; remarks\n[default]\ntype = access_key\naccess_key_id=akDefault\naccess_key_secret = "${SECRET}"\n
[temp]\r\ntype=access_key\r\naccess_key_id='akSection'\r\naccess_key_secret=x=y\r\n`;
    writeFileSync(join(home, '.alibabacloud', 'credentials'), text);
    await call();
    expect(accessKey()).toBe('akDefault');
    server.received.length = 0;
    await call({ ...none, ALIBABA_CLOUD_PROFILE: 'temp' });
    expect(accessKey()).toBe('akSection');
    const elsewhere = join(home, 'elsewhere');
    writeFileSync(elsewhere, text.replace('akDefault', 'akElsewhere'));
    server.received.length = 0;
    await call({ ...none, ALIBABA_CLOUD_CREDENTIALS_FILE: elsewhere });
    expect(accessKey()).toBe('akElsewhere');
  });

  it('by running the program that a profile names, whose answer is written nowhere', async () => {
    const answer = { mode: 'StsToken', access_key_id: 'akRun', access_key_secret: SECRET, sts_token: 't' };
    writeFileSync(join(home, 'answer.json'), JSON.stringify(answer));
    const command = `cat "${join(home, 'answer.json')}"`;
    const config = {
      current: 'run',
      profiles: [{ name: 'run', mode: 'External', process_command: command }],
    };
    writeConfig(config);
    await call();
    expect(accessKey()).toBe('akRun');
    expect(server.received[0]?.headers).toMatchObject({
      'x-acs-security-token': 't',
      'x-acs-credentials-provider': 'external',
    });
    expect(JSON.parse(readFileSync(join(home, '.aliyun', 'config.json'), 'utf8'))).toEqual(config);
  });

  it('by no program where those are turned off, not for a profile that builds on such a one either', async () => {
    const profiles = [
      { name: 'run', mode: 'External', process_command: `touch ${join(home, 'ran')}` },
      {
        name: 'chain',
        mode: 'ChainableRamRoleArn',
        source_profile: 'run',
        ram_role_arn: 'acs:ram::1:role/a',
        ram_session_name: 's',
        expired_seconds: 900,
      },
    ];
    for (const current of ['run', 'chain']) {
      writeConfig({ current, profiles });
      const error = await failure({ ...none, ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS: '1' });
      expect(error.message).toBe(
        `profile "${current}" of the aliyun CLI gives no credentials: the program or address that it names may not be asked`,
      );
      expect(error.hints).toEqual(['unset ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS']);
    }
    expect(existsSync(join(home, 'ran'))).toBe(false);
  });

  it('at the address that the environment or a profile names, once for calls side by side', async () => {
    const tokens = await serve((_request, response) => {
      json(response, 200, {
        AccessKeyId: 'akUri',
        AccessKeySecret: SECRET,
        SecurityToken: 'tok',
        Expiration: '2099-01-01T00:00:00Z',
      });
    });
    const client = await clientOf(server.endpoint, {
      env: { ...none, ALIBABA_CLOUD_CREDENTIALS_URI: `${tokens.endpoint}/role` },
    });
    await Promise.all(Array.from({ length: 10 }, () => client.createAlias('k', 'alias/a')));
    await client.createAlias('k', 'alias/b');
    expect(accessKey()).toBe('akUri');
    expect(tokens.received).toHaveLength(1);
    writeConfig({
      current: 'uri',
      profiles: [{ name: 'uri', mode: 'CredentialsURI', credentials_uri: `${tokens.endpoint}/role` }],
    });
    await call();
    expect(tokens.received).toHaveLength(2);
  });
});

describe('a role', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates('DNS:sts.aliyuncs.com');
  });

  const GRANTED = {
    RequestId: 'r',
    Credentials: {
      AccessKeyId: 'akRole',
      AccessKeySecret: SECRET,
      SecurityToken: 'roleToken',
      Expiration: '2099-01-01T00:00:00Z',
    },
  };

  /** Requests to STS go through a proxy here, which leads them to a server of ours. */
  async function sts(status: number, answer: object) {
    const forms: URLSearchParams[] = [];
    const tokens = await serve((request, response) => {
      forms.push(new URLSearchParams(request.body));
      json(response, status, answer);
    }, certificates);
    const proxy = await startProxy({ upstreamPort: tokens.port });
    const env = { ...none, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    return { tokens, forms, env, targets: proxy.targets };
  }

  function withOidc(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    writeFileSync(join(home, 'token'), 'header.payload.TOPSECRETVALUE');
    return {
      ...env,
      ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/ci',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ci',
      ALIBABA_CLOUD_OIDC_TOKEN_FILE: join(home, 'token'),
      ALIBABA_CLOUD_ROLE_SESSION_NAME: 'run-1',
    };
  }

  it('is assumed with an OIDC token, through proxy and authority like every other call', async () => {
    const { forms, env, targets, tokens } = await sts(200, GRANTED);
    await call(withOidc(env), { caPem: certificates.caPem });
    expect(accessKey()).toBe('akRole');
    expect(targets).toEqual(['sts.aliyuncs.com:443']);
    expect(tokens.received[0]?.query).toMatchObject({ Action: 'AssumeRoleWithOIDC' });
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      OIDCToken: 'header.payload.TOPSECRETVALUE',
      RoleArn: 'acs:ram::1:role/ci',
      RoleSessionName: 'run-1',
    });
  });

  it('is assumed in the region whose STS the environment names, under a session name of its own', async () => {
    const near = makeCertificates('DNS:sts.cn-beijing.aliyuncs.com');
    const tokens = await serve((_request, response) => {
      json(response, 200, GRANTED);
    }, near);
    const proxy = await startProxy({ upstreamPort: tokens.port });
    const { ALIBABA_CLOUD_ROLE_SESSION_NAME: _session, ...env } = withOidc({
      ...none,
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      ALIBABA_CLOUD_STS_REGION: 'cn-beijing',
    });
    await call(env, { caPem: near.caPem });
    expect(accessKey()).toBe('akRole');
    expect(proxy.targets).toEqual(['sts.cn-beijing.aliyuncs.com:443']);
    expect(new URLSearchParams(tokens.received[0]?.body).get('RoleSessionName')).not.toBe('run-1');
  });

  it('is assumed by a profile, also on top of another profile', async () => {
    const { env, tokens } = await sts(200, GRANTED);
    const role = { ram_role_arn: 'acs:ram::1:role/a', ram_session_name: 's', expired_seconds: 900 };
    const profiles = [
      profile('role', 'RamRoleArn', role),
      { name: 'chain', mode: 'ChainableRamRoleArn', source_profile: 'role', ...role },
    ];
    writeConfig({ current: 'role', profiles });
    await call(env, { caPem: certificates.caPem });
    expect(accessKey()).toBe('akRole');
    expect(tokens.received).toHaveLength(1);
    expect(tokens.received[0]?.query).toMatchObject({ Action: 'AssumeRole', AccessKeyId: 'akRole' });
    await call({ ...env, ALIBABA_CLOUD_PROFILE: 'chain' }, { caPem: certificates.caPem });
    expect(tokens.received).toHaveLength(3);
    expect(tokens.received[2]?.query).toMatchObject({ SecurityToken: 'roleToken' });
  });

  it('comes with a login of CloudSSO, whose account is named', async () => {
    const { env, tokens } = await sts(200, { CloudCredential: GRANTED.Credentials });
    const login = (expires: number) => ({
      name: 'sso',
      mode: 'CloudSSO',
      cloud_sso_sign_in_url: 'https://sts.aliyuncs.com/start',
      cloud_sso_account_id: 'account',
      cloud_sso_access_config: 'config',
      access_token: SECRET,
      cloud_sso_access_token_expire: expires,
    });
    writeConfig({ current: 'sso', profiles: [login(4_000_000_000)] });
    await call(env, { caPem: certificates.caPem });
    expect(accessKey()).toBe('akRole');
    expect(JSON.parse(tokens.received[0]?.body ?? '')).toEqual({
      AccountId: 'account',
      AccessConfigurationId: 'config',
    });
    server.received.length = 0;
    writeConfig({ current: 'sso', profiles: [login(1000)] });
    const error = await failure(env);
    expect(error).toMatchObject({
      code: 'credentials',
      message: 'profile "sso" of the aliyun CLI gives no credentials: its login has expired',
    });
  });

  it.each([
    [401, 'AuthenticationFail.OIDCToken.Expired', 'OIDC token has expired'],
    [401, 'AuthenticationFail.NoPermission', 'trust policy'],
    [404, 'EntityNotExist.Role', 'ARN of the role'],
    [400, 'Something.New', ''],
  ])('that is refused with %i %s is told with code, RequestId and cause', async (status, code, hint) => {
    const { env } = await sts(status, { Code: code, Message: 'No.', RequestId: 'sts-1' });
    const error = await failure(withOidc(env), { caPem: certificates.caPem });
    expect(error).toMatchObject({ code: 'credentials', service: { code, requestId: 'sts-1' } });
    expect(error.message).toBe('AssumeRoleWithOIDC was refused: No');
    expect(error.hints.join()).toContain(hint);
  });

  it('that is throttled is asked for again', async () => {
    const { env, tokens } = await sts(503, { Code: 'ServiceUnavailable', Message: '', RequestId: 'x' });
    const client = await clientOf(
      server.endpoint,
      { env: withOidc(env), caPem: certificates.caPem, retryCount: 2 },
      { sleep: () => Promise.resolve() },
    );
    await expect(client.describeKey('k')).rejects.toMatchObject({ code: 'unavailable' });
    expect(tokens.received).toHaveLength(3);
  });

  it.each([
    ['no JSON', 'nonsense TOPSECRETVALUE'],
    ['no credentials', { Credentials: { AccessKeyId: 'akMain', Note: SECRET } }],
    ['no time of expiry', { Credentials: { ...GRANTED.Credentials, Expiration: 'soon' } }],
  ])('whose answer has %s is no role, and is not shown', async (_what, answer) => {
    const { env } = await sts(200, answer as object);
    const error = await failure(withOidc(env), { caPem: certificates.caPem });
    expect(error.message).toBe(
      'the role of the OIDC token gives no credentials: what it answers makes no sense',
    );
  });

  it('whose service repeats what it was sent is quoted without the secrets', async () => {
    const tokens = await serve(({ body }, response) => {
      const Message = `OIDC token ${String(new URLSearchParams(body).get('OIDCToken'))} for acs:ram::1:role/ci`;
      json(response, 400, { Code: 'Something.New', Message, RequestId: 'sts-1' });
    }, certificates);
    const proxy = await startProxy({ upstreamPort: tokens.port });
    const env = withOidc({ ...none, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const error = await failure(env, { caPem: certificates.caPem });
    expect(error.message).toBe('AssumeRoleWithOIDC was refused: OIDC token [hidden] for acs:ram::1:role/ci');
  });

  it('whose token file is not there is named', async () => {
    const env = withOidc({ ...none, HTTPS_PROXY: 'http://127.0.0.1:1' });
    const error = await failure({ ...env, ALIBABA_CLOUD_OIDC_TOKEN_FILE: join(home, 'missing') });
    expect(error.message).toBe(
      'the role of the OIDC token gives no credentials: its file cannot be read (ENOENT)',
    );
  });

  it('whose service cannot be reached is an error of the network, and no other credentials are taken', async () => {
    writeConfig(PROFILES);
    const error = await failure(withOidc({ ...none, HTTPS_PROXY: 'http://127.0.0.1:1' }));
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toContain('cannot connect to the proxy');
  });
});

describe('not found', () => {
  it('names the variables to set and the places looked at', async () => {
    const error = await failure();
    expect(error).toMatchObject({ code: 'credentials', message: 'no credentials found' });
    expect(error.hints).toEqual([
      'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "aliyun configure"',
      'looked at: environment, OIDC variables, ~/.aliyun/config.json, ~/.alibabacloud/credentials',
    ]);
  });

  it.each([
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    ['ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'ALIBABA_CLOUD_ACCESS_KEY_ID'],
  ])('says that %s is set without %s', async (set, missing) => {
    const error = await failure({ ...none, [set]: 'x', [missing]: '' });
    expect(error.hints[0]).toBe(`${set} is set, but ${missing} is not`);
  });

  it('counts the empty profile that nobody filled in as none', async () => {
    writeConfig({ current: 'default', profiles: [{ name: 'default', mode: 'AK', access_key_id: '' }] });
    expect((await failure()).message).toBe('no credentials found');
  });

  it('names a profile that does not exist and those that do', async () => {
    writeConfig(PROFILES);
    const error = await failure(none, { profile: 'nobody' });
    expect(error.message).toBe('the aliyun CLI has no profile "nobody"');
    expect(error.hints[0]).toBe('it has: main, temp, odd, half, bear');
    const named = await failure({ ...none, ALIBABA_CLOUD_PROFILE: 'nobody' });
    expect(named.message).toBe('there is no profile "nobody", which the environment asks for');
  });

  it('says so when there is no configuration at all', async () => {
    expect((await failure(none, { profile: 'main' })).hints).toEqual([
      'it has none at all',
      '"aliyun configure --profile main" makes it',
    ]);
  });

  it.each([
    ['odd', 'its mode is not supported'],
    ['half', 'its access key is not complete'],
  ])('says what is wrong with profile %s', async (name, what) => {
    writeConfig(PROFILES);
    const error = await failure(none, { profile: name });
    expect(error.message).toBe(`profile "${name}" of the aliyun CLI gives no credentials: ${what}`);
  });

  it.each(['ALIBABA_CLOUD_CLI_PROFILE_DISABLED', 'ALIBABA_CLOUD_IGNORE_PROFILE'])(
    'says that %s turns profiles off',
    async (variable) => {
      writeConfig(PROFILES);
      const env = { ...none, [variable]: 'TRUE' };
      expect((await failure(env, { profile: 'main' })).hints).toEqual([`unset ${variable}`]);
      expect((await failure(env)).message).toBe('no credentials found');
    },
  );

  it.each([
    ['cut off', `${JSON.stringify(PROFILES).slice(0, -3)},,, "access_key_secret": "${SECRET}"`],
    ['another shape', `["${SECRET}"]`],
    ['profiles of another shape', `{"profiles": "${SECRET}"}`],
    ['too long', `"${SECRET.repeat(100_000)}"`],
  ])('never shows a broken configuration (%s)', async (_what, text) => {
    writeConfig(text);
    for (const options of [{}, { profile: 'main' }]) {
      const error = await failure(none, options);
      expect(error).toMatchObject({ code: 'credentials' });
      expect(error.message).toMatch(
        /^the aliyun CLI configuration (is not valid JSON|cannot be read: it is too large)/,
      );
    }
  });

  it('names a profile that builds on itself, or on none, as one that makes no sense', async () => {
    const role = { mode: 'ChainableRamRoleArn', ram_role_arn: 'acs:ram::1:role/a' };
    writeConfig({
      current: 'loop',
      profiles: [
        { name: 'loop', source_profile: 'loop', ...role },
        { name: 'orphan', source_profile: 'nobody', ...role },
      ],
    });
    expect((await failure()).message).toMatch(/^profile "loop" of the aliyun CLI gives no credentials: /);
    expect((await failure(none, { profile: 'orphan' })).message).toContain(
      'builds on a profile that does not exist',
    );
  });

  it.each(['http://sso.example/start', 'file:///etc/passwd', 'nonsense'])(
    'sends no login to %s',
    async (address) => {
      const login = { access_token: SECRET, cloud_sso_access_token_expire: 4_000_000_000 };
      const account = { cloud_sso_account_id: 'a', cloud_sso_access_config: 'c' };
      writeConfig({
        current: 'sso',
        profiles: [{ name: 'sso', mode: 'CloudSSO', cloud_sso_sign_in_url: address, ...login, ...account }],
      });
      expect((await failure()).code).toBe('credentials');
    },
  );

  it.each(['file:///etc/passwd', 'ftp://a.example', 'nonsense'])(
    'asks no address like %s for credentials',
    async (address) => {
      const error = await failure({ ...none, ALIBABA_CLOUD_CREDENTIALS_URI: address });
      expect(error.message).toBe('the address to get credentials from is not an https address');
    },
  );

  it('skips what is no profile in the configuration', async () => {
    writeConfig({ current: 'main', profiles: [null, 7, 'x', [], ...PROFILES.profiles] });
    await call();
    expect(accessKey()).toBe('akMain');
  });

  it('says when a file cannot be read', async () => {
    mkdirSync(join(home, '.aliyun', 'config.json'), { recursive: true });
    expect((await failure()).message).toBe('the aliyun CLI configuration cannot be read: it is a directory');
    const env = { ...none, HOME: join(home, 'x'), ALIBABA_CLOUD_CREDENTIALS_FILE: join(home, 'missing') };
    expect((await failure(env)).message).toBe('the credentials file cannot be read: it does not exist');
  });

  it("says when the SDKs' own file is there and cannot be read", async () => {
    mkdirSync(join(home, '.alibabacloud', 'credentials'), { recursive: true });
    const error = await failure();
    expect(error.message).toBe('the credentials file cannot be read: it is a directory');
    expect(error.hints).toEqual([`check "${join(home, '.alibabacloud', 'credentials')}"`]);
  });

  it('does not guess what a profile leaves out: its mode, its address, which of them is the current one', async () => {
    const { access_key_id, access_key_secret } = profile('main', 'AK') as Record<string, string>;
    const plain = { name: 'plain', access_key_id, access_key_secret };
    const nowhere = { name: 'nowhere', mode: 'CredentialsURI' };
    writeConfig({ current: 7, profiles: [plain, nowhere] });
    expect((await failure()).message).toBe('the current profile of the aliyun CLI is none that it has');
    expect((await failure(none, { profile: 'nowhere' })).message).toMatch(
      /^profile "nowhere" .* no credentials/,
    );
    expect((await failure(none, { profile: 'plain' })).message).toBe(
      'profile "plain" of the aliyun CLI gives no credentials: its mode is not supported',
    );
  });

  it('says when a section of the credentials file is of an unknown type', async () => {
    const file = join(home, 'credentials');
    writeFileSync(file, `[default]\ntype = magic\nsecret = ${SECRET}\n`);
    const error = await failure({ ...none, ALIBABA_CLOUD_CREDENTIALS_FILE: file });
    expect(error.message).toBe(
      'section "default" of the credentials file gives no credentials: its type is not supported',
    );
  });

  it.each([
    ['fails', `echo ${SECRET}; echo ${SECRET} >&2; exit 1`],
    ['prints something else', `echo ${SECRET}`],
    ['prints nothing of use', `echo null`],
    ['prints half a key', `echo '{"access_key_id": "akMain"}'`],
    [
      'prints no token where one is wanted',
      `echo '{"mode":"StsToken","access_key_id":"akMain","access_key_secret":"${SECRET}"}'`,
    ],
    ['asks for something', `cat > /dev/null; exit 1`],
  ])('never shows what a program prints that %s', async (_what, lines) => {
    const script = join(home, 'broken.sh');
    writeFileSync(script, `#!/bin/sh\n${lines}\n`);
    chmodSync(script, 0o700);
    writeConfig({ current: 'run', profiles: [{ name: 'run', mode: 'External', process_command: script }] });
    expect((await failure()).message).toBe(
      'profile "run" of the aliyun CLI gives no credentials: its command does not deliver',
    );
  });

  it('says that the metadata service of ECS may not be asked', async () => {
    writeConfig({ current: 'ecs', profiles: [{ name: 'ecs', mode: 'EcsRamRole', ram_role_name: 'r' }] });
    expect((await failure()).message).toBe(
      'profile "ecs" of the aliyun CLI gives no credentials: the metadata service of ECS may not be asked',
    );
  });

  it.each([
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'LTAI\n', 'access key id'],
    ['ALIBABA_CLOUD_ACCESS_KEY_SECRET', `${SECRET}\n`, 'access key secret'],
    ['ALIBABA_CLOUD_SECURITY_TOKEN', 'tökén', 'security token'],
  ])('refuses a %s that was copied wrongly, without showing it', async (name, value, what) => {
    const error = await failure({ ...ACCESS, [name]: value });
    expect(error.message).toBe(
      `the ${what} from the environment holds a character that cannot be part of it`,
    );
    expect(error.hints).toEqual(['look for a line break or a space at its end']);
  });

  it('says which variable of an OIDC role is missing', async () => {
    const error = await failure({
      ...none,
      ALIBABA_CLOUD_ROLE_ARN: 'r',
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'p',
    });
    expect(error.hints[0]).toBe(
      'ALIBABA_CLOUD_OIDC_PROVIDER_ARN is set, but ALIBABA_CLOUD_OIDC_TOKEN_FILE is not',
    );
  });

  it('names a current profile that is not there as the fault, and takes no other identity', async () => {
    const env = { ...none, ALIBABA_CLOUD_CREDENTIALS_URI: server.endpoint };
    for (const current of ['gone', undefined]) {
      writeConfig({ ...PROFILES, current });
      const error = await failure(env);
      expect(error.message).toBe('the current profile of the aliyun CLI is none that it has');
      expect(error.hints[0]).toBe('it has: main, temp, odd, half, bear');
    }
  });

  it('says whose address does not answer, and advises nothing about the endpoint of KMS', async () => {
    const error = await failure({ ...none, ALIBABA_CLOUD_CREDENTIALS_URI: `http://127.0.0.1:1/${SECRET}` });
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toBe(
      'ALIBABA_CLOUD_CREDENTIALS_URI gives no credentials: cannot connect to "127.0.0.1:1": connection refused',
    );
    expect(error.hints).toEqual(['check the network, and the address that credentials are asked from']);
  });
});

describe('what a profile leaves out', () => {
  const STRANGER = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'akStranger',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'of-a-stranger',
    ALIBABA_CLOUD_SECURITY_TOKEN: 'of-a-stranger',
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::2:role/stranger',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::2:oidc-provider/stranger',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/etc/hostname',
    ALIBABA_CLOUD_CREDENTIALS_URI: 'http://127.0.0.1:1/',
  };
  beforeEach(() => {
    for (const [name, value] of Object.entries(STRANGER)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    ['an access key', { mode: 'AK' }, 'its access key is not complete'],
    ['the secret', { mode: 'AK', access_key_id: 'akMain' }, 'its access key is not complete'],
    [
      'the token',
      { mode: 'StsToken', access_key_id: 'akMain', access_key_secret: SECRET },
      'its access key is not complete',
    ],
    ['who assumes a role', { mode: 'RamRoleArn', ram_role_arn: 'r' }, 'its access key is not complete'],
    [
      'the role',
      { mode: 'RamRoleArn', access_key_id: 'akMain', access_key_secret: SECRET },
      'it names no role',
    ],
    ['everything of an OIDC role', { mode: 'OIDC' }, 'it names no role'],
    [
      'the provider of an OIDC role',
      { mode: 'OIDC', ram_role_arn: 'r' },
      'it names no OIDC provider or token file',
    ],
    ['the address', { mode: 'CredentialsURI' }, 'it names no address'],
  ])('is not taken from somebody else in the environment: %s', async (_what, fields, what) => {
    writeConfig({ current: 'main', profiles: [{ name: 'main', ...fields }] });
    // The profile is asked for by name, so it stands alone.
    const error = await failure({ ...none, ...STRANGER }, { profile: 'main' });
    expect(error.message).toBe(`profile "main" of the aliyun CLI gives no credentials: ${what}`);
  });

  it('is not taken from somebody else for a section of the credentials file', async () => {
    const file = join(home, 'credentials');
    writeFileSync(file, '[default]\ntype = access_key\naccess_key_id = akMain\n');
    expect((await failure({ ...none, ALIBABA_CLOUD_CREDENTIALS_FILE: file })).message).toBe(
      'section "default" of the credentials file gives no credentials: its access key is not complete',
    );
  });
});

describe('a command that hangs', () => {
  const hang = (): string => {
    const script = join(home, 'hang.sh');
    writeFileSync(script, `#!/bin/sh\ntrap '' TERM\necho $$ > ${home}/pid\nexec sleep 20\n`);
    chmodSync(script, 0o700);
    return script;
  };
  const isRunning = (): boolean => {
    try {
      return process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), 0);
    } catch {
      return false;
    }
  };

  it('ends with the time for the call that waits for it', async () => {
    writeConfig({ current: 'run', profiles: [{ name: 'run', mode: 'External', process_command: hang() }] });
    const start = performance.now();
    const error = await failure(none, { totalTimeoutMs: 500 });
    expect(performance.now() - start).toBeLessThan(1500);
    expect(error).toMatchObject({ code: 'timeout', message: 'CreateAlias did not succeed within 0.5 s' });
    expect(error.hints.at(-1)).toBe('it waited for credentials from profile "run" of the aliyun CLI');
    await vi.waitFor(() => {
      expect(isRunning()).toBe(false);
    });
  });

  it('goes on while another call still waits, and the next call starts anew', async () => {
    const script = join(home, 'slow.sh');
    const answer = { mode: 'AK', access_key_id: 'akRun', access_key_secret: SECRET };
    writeFileSync(join(home, 'answer.json'), JSON.stringify(answer));
    writeFileSync(script, `#!/bin/sh\necho run >> ${home}/runs\nsleep 1\ncat ${home}/answer.json\n`);
    chmodSync(script, 0o700);
    writeConfig({ current: 'run', profiles: [{ name: 'run', mode: 'External', process_command: script }] });
    const channel = new HttpChannel({ connectTimeoutMs: 1, readTimeoutMs: 1 });
    const chain = new CredentialChain({ env: none }, channel);
    const impatient = chain.find(AbortSignal.timeout(300));
    const patient = chain.find(AbortSignal.timeout(5000));
    await expect(impatient).rejects.toMatchObject({ code: 'timeout' });
    await expect(patient).resolves.toMatchObject({ credentials: { accessKeyId: 'akRun' } });
    await expect(chain.find(AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'timeout' });
    await expect(chain.find(AbortSignal.timeout(5000))).resolves.toMatchObject({
      credentials: { accessKeyId: 'akRun' },
    });
    expect(readFileSync(join(home, 'runs'), 'utf8')).toBe('run\nrun\nrun\n');
  });
});

it('no secret comes back from a gateway that repeats what it was sent', async () => {
  const token = 'TOPSECRETVALUE+/==';
  const echo = await serve(({ headers }, response) => {
    const Message = `${String(headers['x-acs-security-token'])} ${encodeURIComponent(token)} ${String(headers.authorization)} was sent`;
    json(response, 400, { Code: 'InvalidParameter', Message, RequestId: token });
  });
  const env = { ...ACCESS, ALIBABA_CLOUD_SECURITY_TOKEN: token };
  const error: unknown = await (
    await clientOf(echo.endpoint, { env })
  )
    .describeKey('k')
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    message: 'DescribeKey of key "k" was refused: [hidden] [hidden] [hidden] was sent',
    service: { requestId: '[hidden]' },
  });
  writeConfig({ current: 'b', profiles: [{ name: 'b', mode: 'BearerToken', bearer_token: token }] });
  await expect((await clientOf(echo.endpoint, { env: none })).describeKey('k')).rejects.toThrow(
    '[hidden] undefined was sent',
  );
});

it('no secret comes back from a gateway that escapes more of JSON than it has to', async () => {
  const token = 'TOPSECRETVALUE+/==';
  const echo = await serve((_request, response) => {
    const text = JSON.stringify({ Code: 'InvalidParameter', Message: `${token} was sent`, RequestId: 'r' });
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(text.replaceAll('=', '\\u003d').replaceAll('/', '\\/'));
  });
  const env = { ...ACCESS, ALIBABA_CLOUD_SECURITY_TOKEN: token };
  await expect((await clientOf(echo.endpoint, { env })).describeKey('k')).rejects.toThrow(
    'DescribeKey of key "k" was refused: [hidden] was sent',
  );
});
