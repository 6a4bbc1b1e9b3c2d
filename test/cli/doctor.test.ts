import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { main } from '../../src/cli/main.js';
import type { Emulator, EmulatorOptions } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { startProxy } from '../kms/test-proxy.js';
import { listen, makeCertificates, temporaryFolder } from '../kms/test-server.js';
import { memoryStdio } from './memory-stdio.js';

const rsa = (id: string, more: object = {}): object => ({
  KeyId: id,
  KeySpec: 'RSA_2048',
  KeyUsage: 'ENCRYPT/DECRYPT',
  ProtectionLevel: 'SOFTWARE',
  ...more,
});
const SEED = {
  keys: [
    rsa('key-good', { Aliases: ['alias/good'], Versions: [{ KeyVersionId: 'v-good' }] }),
    rsa('key-disabled', { KeyState: 'Disabled' }),
    rsa('key-condemned', { KeyState: 'PendingDeletion' }),
    rsa('key-signing', { KeyUsage: 'SIGN/VERIFY' }),
    rsa('key-curve', { KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY' }),
  ],
};

let folder: string;
let emulator: Emulator;
beforeAll(async () => {
  folder = temporaryFolder();
  emulator = await startEmulator({ hsm: 'software', seed: SEED });
  const { stdout } = await run(['get-public-key', '--key-id', 'alias/good'], {});
  writeFileSync(join(folder, 'good.pem'), stdout);
  writeFileSync(join(folder, 'other.pem'), readFileSync(join(inject('fixtures'), 'rsa2048.pem')));
});
afterAll(async () => {
  await emulator.close();
});

/** A run against the emulator, with changes to its environment; `undefined` unsets. */
async function run(argv: string[], changes: NodeJS.ProcessEnv, target = emulator) {
  const stdio = memoryStdio();
  const clean = { HOME: folder, USERPROFILE: folder, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  const env = { ...emulatorEnvironment(target, clean), ...changes };
  const status = await main([...argv, '--retry-count', '0'], {
    stdio,
    env,
    interceptSignals: () => () => undefined,
  });
  return { status, stdout: stdio.output('stdout').toString(), stderr: stdio.output('stderr').toString() };
}

interface Report {
  readonly Ok: boolean;
  readonly Checks: { Check: string; Status: string; Detail: string; Fixes?: string[]; Code?: string }[];
  readonly MissingStatement?: { Effect: string; Action: string | string[]; Resource: string };
}

interface Examined {
  readonly status: number;
  readonly report: Report;
  readonly failed: string[];
  /** Details and fixes of all failures. */
  readonly told: string;
}

async function examine(
  argv: string[],
  changes: NodeJS.ProcessEnv = {},
  target = emulator,
): Promise<Examined> {
  const { status, stdout, stderr } = await run(['doctor', '--json', ...argv], changes, target);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as Report;
  const failures = report.Checks.filter(({ Status }) => Status === 'fail');
  for (const { Fixes } of failures) expect(Fixes).not.toEqual([]);
  expect(report.Ok).toBe(failures.length === 0);
  expect(status === 0).toBe(report.Ok);
  for (const secret of [target.accessKeySecret, 'hunter2']) expect(stdout).not.toContain(secret);
  const told = failures.map(({ Detail, Fixes = [] }) => [Detail, ...Fixes].join('\n')).join('\n');
  return { status, report, failed: failures.map(({ Check }) => Check), told };
}

async function withEmulator<T>(options: EmulatorOptions, use: (target: Emulator) => Promise<T>): Promise<T> {
  const target = await startEmulator({ hsm: 'software', seed: SEED, ...options });
  try {
    return await use(target);
  } finally {
    await target.close();
  }
}

it('passes where everything is as it should be', async () => {
  const { status, report } = await examine(['--public-key', join(folder, 'good.pem')]);
  expect(status).toBe(0);
  expect(report.Checks.map(({ Check, Status }) => `${Status} ${Check}`)).toEqual([
    'pass settings',
    'pass connection',
    'pass clock',
    'pass credentials',
    'pass access',
    'pass key',
    'pass version',
    'pass public key',
    'pass round trip',
    'pass permissions',
  ]);
});

it('tells how far the clocks are apart, in seconds where it is little', async () => {
  const ahead = { clock: () => Date.now() + 90_000 };
  const { report } = await withEmulator(ahead, (target) => examine([], {}, target));
  const { Status, Detail } = report.Checks.find(({ Check }) => Check === 'clock') ?? {};
  expect([Status, Detail]).toEqual([
    'pass',
    expect.stringMatching(/^this machine's clock is (8|9)\d s behind the service's$/),
  ]);
});

it('says that a bearer token takes the place of an access key, in the profile that is asked for', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.aliyun'));
  const profiles = [{ name: 'bear', mode: 'BearerToken', bearer_token: 'hunter2' }];
  writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'none', profiles }));
  const { report } = await examine(['--profile', 'bear'], { HOME: home, USERPROFILE: home });
  expect(report.Checks.find(({ Check }) => Check === 'credentials')?.Detail).toBe(
    'a bearer token (temporary) from profile "bear" of the aliyun CLI',
  );
});

it('looks for the credentials of a profile even where the settings are wrong', async () => {
  const { report } = await examine(['--profile', 'none'], { KMS_ASYM_ENDPOINT: '://' });
  expect(report.Checks.find(({ Check }) => Check === 'credentials')).toMatchObject({
    Status: 'fail',
    Detail: 'the aliyun CLI has no profile "none"',
  });
});

it('does not say that no key is named where two contradict each other', async () => {
  const { report } = await examine(['--public-key', join(folder, 'good.pem'), '--key-id', 'alias/other']);
  expect(report.Checks.filter(({ Status }) => Status === 'skip').map(({ Detail }) => Detail)).not.toContain(
    'no key is named: --public-key FILE or --key-id ID',
  );
});

it('leaves out what is about a key when none is named, and says how to name one', async () => {
  const { report } = await examine([]);
  expect(report.Ok).toBe(true);
  expect(report.Checks.find(({ Check }) => Check === 'key')).toMatchObject({
    Status: 'skip',
    Detail: 'no key is named: --public-key FILE or --key-id ID',
  });
  const bare = await examine(['--public-key', join(folder, 'other.pem')]);
  expect(bare.report.Checks.find(({ Check }) => Check === 'key')?.Detail).toContain('add --key-id ID');
});

it('tells people in lines, and only failures with --quiet', async () => {
  const { stdout, status } = await run(['doctor', '--key-id', 'key-disabled'], {});
  expect(status).toBe(4);
  expect(stdout).toMatch(/^pass {2}settings {6}region cn-hangzhou, endpoint http:\/\/127\.0\.0\.1:\d+$/m);
  expect(stdout).toMatch(
    /^fail {2}key {11}"key-disabled" is in state Disabled\n {6}fix: {10}enable the key: .*key-disabled$/m,
  );
  expect(stdout).toMatch(/^skip {2}round trip {4}the key has to be enabled first$/m);
  const quiet = await run(['doctor', '--key-id', 'key-disabled', '-q'], {});
  expect(quiet.stdout.split('\n')).toHaveLength(3);
});

describe('finds', () => {
  it('that there are no credentials', async () => {
    const changes = { ALIBABA_CLOUD_ACCESS_KEY_ID: undefined };
    const { failed, status, told } = await examine(['--key-id', 'alias/good'], changes);
    expect([failed, status]).toEqual([['credentials'], 7]);
    expect(told).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID is not');
  });

  it('a broken configuration of the aliyun CLI, without showing it', async () => {
    const home = temporaryFolder();
    mkdirSync(join(home, '.aliyun'));
    writeFileSync(join(home, '.aliyun', 'config.json'), '{"profiles": [hunter2');
    const changes = { HOME: home, USERPROFILE: home, ALIBABA_CLOUD_ACCESS_KEY_ID: undefined };
    const { failed, status, told } = await examine([], changes);
    expect([failed, status]).toEqual([['credentials'], 7]);
    expect(told).toContain('config.json');
  });

  it('a secret that does not belong to the access key', async () => {
    const { failed, status, told } = await examine([], { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'wrong' });
    expect([failed, status]).toEqual([['access'], 7]);
    expect(told).toContain('ALIBABA_CLOUD_ACCESS_KEY_SECRET');
  });

  it('a token that has expired', async () => {
    const accessKeys = [{ id: 'STS.me', secret: 'nobody-sees', securityToken: 'token', expiresMs: 1 }];
    await withEmulator({ accessKeys }, async (target) => {
      const { failed, status, told } = await examine([], {}, target);
      expect([failed, status]).toEqual([['access'], 7]);
      expect(told).toContain('the STS token has expired');
    });
  });

  it('an endpoint where nobody listens', async () => {
    const { failed, status, told } = await examine([], { KMS_ASYM_ENDPOINT: 'http://127.0.0.1:1' });
    expect([failed, status]).toEqual([['connection'], 6]);
    expect(told).toContain('nothing listens there');
  });

  it('a region that does not exist', async () => {
    const changes = { KMS_ASYM_ENDPOINT: undefined, ALIBABA_CLOUD_REGION_ID: 'cn-hangzou' };
    const { failed, status, told } = await examine([], changes);
    expect([failed, status]).toEqual([['connection'], 6]);
    expect(told).toContain('did you mean "cn-hangzhou"?');
  });

  it('a region that nobody names, and still looks for credentials', async () => {
    const changes = { KMS_ASYM_ENDPOINT: undefined, ALIBABA_CLOUD_REGION_ID: undefined };
    const { failed, status, report } = await examine([], changes);
    expect([failed, status]).toEqual([['settings'], 7]);
    expect(report.Checks.find(({ Check }) => Check === 'credentials')?.Status).toBe('pass');
  });

  it('an authority that is not trusted', async () => {
    await withEmulator({ tls: true }, async (target) => {
      const { failed, status, told } = await examine([], { KMS_ASYM_CA_FILE: undefined }, target);
      expect([failed, status]).toEqual([['connection'], 6]);
      expect(told).toContain('--ca-file');
      const caFile = join(folder, 'ca.pem');
      writeFileSync(caFile, target.caPem ?? '');
      const trusting = await examine(['--ca-file', caFile], {}, target);
      expect(trusting.report.Checks[1]?.Detail).toMatch(
        /^direct, TLSv1\.3, certificates ".*" < ".*", valid until 20/,
      );
      expect(trusting.failed).toEqual([]);
    });
  });

  it('a proxy that refuses', async () => {
    const { port } = await startProxy({ upstreamPort: 1, status: 403 });
    const changes = { KMS_ASYM_ENDPOINT: undefined, HTTPS_PROXY: `http://u:hunter2@127.0.0.1:${port}` };
    const { failed, status, told } = await examine([], changes);
    expect([failed, status]).toEqual([['connection'], 6]);
    expect(told).toContain(`the proxy "127.0.0.1:${port}" refuses to connect`);
  });

  it.each([
    [20, 'behind'],
    [-20, 'ahead of'],
  ])('a clock that is wrong by %i minutes', async (minutes, direction) => {
    await withEmulator({ clock: () => Date.now() + minutes * 60_000 }, async (target) => {
      const { failed, status, told } = await examine(['--key-id', 'alias/good'], {}, target);
      expect([failed, status]).toEqual([['clock'], 7]);
      expect(told).toContain(`20 min ${direction} the service's`);
    });
  });

  it('a key that does not exist', async () => {
    const { failed, status, told } = await examine(['--key-id', 'key-nobody']);
    expect([failed, status]).toEqual([['key'], 4]);
    expect(told).toContain('check the key id, and --region');
  });

  it.each([
    ['key-disabled', 'kms-asym enable-key --key-id key-disabled'],
    ['key-condemned', 'kms-asym cancel-key-deletion --key-id key-condemned'],
  ])('that %s cannot be used', async (id, fix) => {
    const { failed, status, told } = await examine(['--key-id', id]);
    expect([failed, status]).toEqual([['key'], 4]);
    expect(told).toContain(fix);
  });

  it('a version that the key does not have', async () => {
    const { failed, status, told } = await examine(['--key-id', 'key-good', '--key-version-id', 'v-bad']);
    expect([failed.slice(0, 1), status]).toEqual([['version'], 3]);
    expect(told).toContain('--key-version-id v-good');
  });

  it('a public key file of another key', async () => {
    const { failed, status, told } = await examine([
      '--public-key',
      join(folder, 'other.pem'),
      '--key-id',
      'key-good',
    ]);
    expect([failed, status]).toEqual([['public key'], 3]);
    expect(told).toContain('get-public-key --key-id key-good');
  });

  it('every permission that is missing, as one statement', async () => {
    const actions = ['DescribeKey', 'ListKeyVersions', 'GetPublicKey', 'AsymmetricDecrypt'];
    await withEmulator({ deny: actions.map((action) => ({ action })) }, async (target) => {
      const { failed, status, report, told } = await examine(
        ['--public-key', join(folder, 'good.pem')],
        {},
        target,
      );
      expect([failed, status]).toEqual([['key', 'version', 'public key', 'round trip', 'permissions'], 4]);
      expect(report.MissingStatement).toEqual({
        Effect: 'Allow',
        Action: actions.map((action) => `kms:${action}`),
        Resource: expect.stringMatching(/^acs:kms:cn-hangzhou:\d+:key\/key-good$/) as string,
      });
      expect(told).toContain(JSON.stringify(report.MissingStatement));
    });
  });

  it('one permission that is missing, with the ARN of the key that an alias stands for', async () => {
    await withEmulator({ deny: [{ action: 'AsymmetricDecrypt' }] }, async (target) => {
      const { failed, report } = await examine(['--key-id', 'alias/good'], {}, target);
      expect(failed).toEqual(['round trip', 'permissions']);
      expect(report.MissingStatement).toMatchObject({
        Action: 'kms:AsymmetricDecrypt',
        Resource: expect.stringMatching(/:key\/key-good$/) as string,
      });
    });
  });

  it('several faults at once', async () => {
    const options = [
      '--public-key',
      join(folder, 'other.pem'),
      '--key-id',
      'key-good',
      '--key-version-id',
      'v-good',
    ];
    await withEmulator({ deny: [{ action: 'DescribeKey' }] }, async (target) => {
      const { failed, status } = await examine(options, {}, target);
      expect([failed, status]).toEqual([['key', 'public key', 'permissions'], 4]);
    });
  });
});

describe('of a service that is not quite the service', () => {
  /** Answers some actions by itself and hands the rest on. */
  async function gateway(answers: Record<string, (response: ServerResponse) => void>): Promise<string> {
    const server = createServer((incoming, response) => {
      const own = answers[String(incoming.headers['x-acs-action'] ?? incoming.method)];
      if (own) {
        own(response);
        return;
      }
      const { method, url, headers } = incoming;
      const forwarded = request(`${emulator.endpoint}${url ?? ''}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(forwarded);
    });
    return `http://127.0.0.1:${await listen(server)}`;
  }
  const json = (status: number, body: object) => (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const unknownAction = json(404, { Code: 'InvalidApi.NotFound', Message: 'No.', RequestId: 'r' });

  it('finds that KMS is not activated', async () => {
    const endpoint = await gateway({
      DescribeAccountKmsStatus: json(200, { AccountStatus: 'NotEnabled', RequestId: 'r' }),
    });
    const { failed, status, told } = await examine([], { KMS_ASYM_ENDPOINT: endpoint });
    expect([failed, status]).toEqual([['access'], 4]);
    expect(told).toContain('activate Key Management Service');
  });

  it.each(['key-signing', 'key-curve'])(
    'makes a signature by %s, which is for signatures, and verifies it',
    async (id) => {
      const { status, report } = await examine(['--key-id', id]);
      expect(status).toBe(0);
      expect(report.Checks.find(({ Check }) => Check === 'key')?.Detail).toMatch(/it never decrypts$/);
      expect(report.Checks.find(({ Check }) => Check === 'round trip')?.Detail).toMatch(
        /^KMS makes signatures that verify here, in \d+ ms$/,
      );
    },
  );

  it('takes a key that may not be described for what its type allows', async () => {
    await withEmulator({ seed: SEED, deny: [{ action: 'DescribeKey' }] }, async (target) => {
      const { failed, report } = await examine(['--key-id', 'key-curve'], {}, target);
      expect(failed).toEqual(['key', 'permissions']);
      expect(report.Checks.find(({ Check }) => Check === 'round trip')?.Detail).toMatch(/^KMS makes/);
    });
  });

  it('finds a signature that does not verify', async () => {
    const { stdout } = await run(['get-public-key', '--key-id', 'key-signing'], {});
    const file = join(folder, 'signing.pem');
    writeFileSync(file, stdout);
    const keyVersionId = /KeyVersionId: (\S+)/.exec(stdout)?.[1] ?? '';
    const endpoint = await gateway({
      AsymmetricSign: json(200, {
        KeyId: 'key-signing',
        KeyVersionId: keyVersionId,
        Value: Buffer.alloc(256, 1).toString('base64'),
        RequestId: 'r',
      }),
    });
    const { failed, status } = await examine(['--public-key', file], { KMS_ASYM_ENDPOINT: endpoint });
    expect([failed, status]).toEqual([['round trip'], 6]);
  });

  it('finds that what was encrypted comes back as something else', async () => {
    const endpoint = await gateway({
      AsymmetricDecrypt: json(200, {
        KeyId: 'key-good',
        KeyVersionId: 'v-good',
        Plaintext: 'AAAA',
        RequestId: 'r',
      }),
    });
    const { failed, status } = await examine(['--key-id', 'key-good'], { KMS_ASYM_ENDPOINT: endpoint });
    expect([failed, status]).toEqual([['round trip'], 6]);
  });

  it('asks nothing about a key without versions', async () => {
    const versions = { KeyVersions: { KeyVersion: [] }, PageNumber: 1, PageSize: 100, TotalCount: 0 };
    const endpoint = await gateway({ ListKeyVersions: json(200, { ...versions, RequestId: 'r' }) });
    const { report } = await examine(['--key-id', 'key-good'], { KMS_ASYM_ENDPOINT: endpoint });
    expect(report.Checks.filter(({ Status }) => Status === 'skip')).toEqual(
      ['public key', 'round trip'].map((Check) => ({
        Check,
        Status: 'skip',
        Detail: 'a version has to be known first',
      })),
    );
    expect(report.Checks.find(({ Check }) => Check === 'version')?.Detail).toContain('0 versions');
  });

  it('does not blame a dedicated gateway for what it does not offer', async () => {
    const endpoint = await gateway({
      DescribeAccountKmsStatus: unknownAction,
      DescribeKey: unknownAction,
      ListKeyVersions: unknownAction,
    });
    const { failed, report } = await examine(['--public-key', join(folder, 'good.pem')], {
      KMS_ASYM_ENDPOINT: endpoint,
    });
    expect(failed).toEqual([]);
    expect(report.Checks.filter(({ Status }) => Status === 'pass').map(({ Check }) => Check)).toEqual([
      'settings',
      'connection',
      'clock',
      'credentials',
      'access',
      'public key',
      'round trip',
      'permissions',
    ]);
  });

  it('shows nothing that a terminal would obey, and no date that is none', async () => {
    const endpoint = await gateway({
      GET: (response) => {
        response.sendDate = false;
        response.writeHead(200, { date: 'yesterday' }).end('\u001b[2J');
      },
      DescribeKey: json(400, { Code: '\u001b[2Jx', Message: '\u001b]0;t\u0007', RequestId: '\u202e' }),
    });
    const { stdout } = await run(['doctor', '--key-id', 'key-good'], { KMS_ASYM_ENDPOINT: endpoint });
    expect(stdout).toMatch(/^skip {2}clock {9}the service does not tell its time$/m);
    expect(stdout).toMatch(/^fail {2}key/m);
    // eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});

it('certificates of hostile names are shown as one line', async () => {
  const certificates = makeCertificates();
  await withEmulator({ tls: { certPem: certificates.cert, keyPem: certificates.key } }, async (target) => {
    const { report } = await examine(['--ca-file', certificates.caFile], {}, target);
    expect(report.Checks[1]?.Detail).toContain('certificates "leaf" < "Test CA"');
  });
});
