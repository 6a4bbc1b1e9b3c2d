/** Command lines, environments, configurations and answers that are wrong. */
import type { CommandWords } from '../../../src/cli/completion/vocabulary.js';
import { cuts, damaged, OUT, withInput, type Attempt, type Kind } from './kind.js';
import { SECRET, type World } from './world.js';

const JSON_WORDS = ['{', '}', '[', ']', ',', ':', '"', 'null', '1e999', '"\\u0000"', '{}', '[]'];

/** All kinds but the answers of servers. `commands` are all there are. */
export function settingKinds(world: World, commands: readonly CommandWords[]): Kind[] {
  return [
    commandLines(commands),
    optionValues(world),
    missingFiles(world, commands),
    variables(world),
    dotenv(world),
    seeds(world),
    states(),
    profiles(world),
    credentials(world),
    nameLists(world),
  ];
}

function commandLines(commands: readonly CommandWords[]): Kind {
  const attempts = commands.flatMap(({ name, options }) => {
    const words = [
      ['--no-such-option'],
      ['-Z'],
      ['--region'],
      ['--region', ''],
      ['--timeout=soon'],
      ['--verbose=yes'],
      ...options.flatMap(({ flags, value }) => {
        const flag = flags.at(-1) ?? '';
        // Without a value, with one it does not take, and misspelt.
        return [value === undefined ? [`${flag}=x`] : [flag], [`${flag}${flag.at(-1) ?? ''}`]];
      }),
    ];
    return words.map((each) => ({ title: [name, ...each].join(' '), argv: [name, ...each] }));
  });
  const names = ['', 'encryp', 'ENCRYPT', '--', 'help me', '\u001b[2J', '../encrypt'];
  const none = names.map((name) => ({ title: `command ${JSON.stringify(name)}`, argv: [name] }));
  return { name: 'command lines', ends: [2], attempts: [...attempts, ...none] };
}

const NOT_NUMBERS = ['', '-1', 'x', '1e9', 'NaN', 'Infinity', '0x10', ' 1', '1,5', '99999999', '\u0661'];

function optionValues({ at, env }: World): Kind {
  const encrypt = ['encrypt', '--public-key', at('key-a.pem'), at('raw')];
  const list = ['list-keys'];
  const emulator = ['emulator', '--hsm', 'software'];
  const bad: readonly [readonly string[], string, readonly string[]][] = [
    [list, '--timeout', NOT_NUMBERS],
    [list, '--connect-timeout', NOT_NUMBERS],
    [list, '--read-timeout', NOT_NUMBERS],
    [list, '--retry-count', NOT_NUMBERS],
    [[...encrypt, '--output-dir', '@/out'], '--jobs', NOT_NUMBERS],
    [[...encrypt, '--output-dir', '@/out'], '--qps', NOT_NUMBERS],
    [[...encrypt, '--output-dir', '@/out'], '--suffix', ['/', '../x', 'a\0b', 'x'.repeat(40)]],
    [[...encrypt, ...OUT], '--format', ['', 'AGE', 'raw', 'constructor']],
    [
      [...encrypt, ...OUT],
      '--expect-fingerprint',
      ['', 'SHA256:', 'MD5:00', 'SHA256:AAAA', 'x'.repeat(5000)],
    ],
    [emulator, '--port', [...NOT_NUMBERS, '65536']],
    [emulator, '--qps', [...NOT_NUMBERS, '0']],
    [emulator, '--hsm', ['', 'hardware', 'pkcs11:', 'pkcs11:token=a?module-path=', 'pkcs11:x=%zz']],
    [emulator, '--clock-offset', ['', 'x', '1y', '+-1', '1d1d', '99999999d']],
    [
      emulator,
      '--fault',
      ['', 'drop', 'drop=2', 'drop=-1', 'x=1', 'slow=1h', 'seed=x', 'drop=0.6,throttle=0.6', 'drop=0,drop=0'],
    ],
    [emulator, '--service-mode', ['', 'old']],
    [emulator, '--deny', ['', ':', ':key', 'NoSuchAction', 'AsymmetricDecrypt:']],
    [
      emulator,
      '--access-key',
      ['', ':', 'id', `id:`, `:${SECRET}`, `id:${SECRET}:sts:never`, '@/nowhere', '@'],
    ],
    [['create-key'], '--key-spec', ['', 'RSA_1024', 'rsa_2048', 'EC_P384', 'constructor']],
    [['create-key'], '--key-usage', ['', 'SIGN', 'DECRYPT']],
    [['create-key'], '--alias', ['', 'x', 'alias/', 'alias/acs/x', 'alias/ö', `alias/${'x'.repeat(300)}`]],
    [
      ['schedule-key-deletion', '--key-id', 'key-b', '--yes'],
      '--pending-window-in-days',
      ['', '0', '6', '367', 'x', '7.5'],
    ],
    [['completion'], '', ['', 'tcsh', 'BASH']],
    [['exec', '--env', `A=${at('raw')}`], '--only', ['', '1A', 'A B', 'A,,B', '__proto__']],
    [['exec'], '--env', ['', 'A', '=x', '1A=x', 'A B=x', 'A=']],
  ];
  const attempts = bad.flatMap(([argv, option, values]) =>
    values.map((value) => {
      const given = option === '' ? [value] : [`${option}=${value}`];
      const command = argv[0] === 'exec' ? ['--', 'true'] : [];
      return {
        title: [...argv, ...given].join(' ').slice(0, 300),
        argv: [...argv, ...given, ...command],
        env: { ...env },
      };
    }),
  );
  return { name: 'values of options', ends: [2, 4, 5], attempts };
}

function missingFiles({ env }: World, commands: readonly CommandWords[]): Kind {
  const attempts = commands.flatMap(({ name, options }) =>
    options
      .filter(
        ({ flags, value }) =>
          value && 'kind' in value && value.kind === 'file' && !flags.includes('--output'),
      )
      .flatMap(({ flags }) =>
        ['@/none', '@/', '@/input', '@/input/below', 'x'.repeat(5000)].map((file) => ({
          title: `${name} ${flags.at(-1) ?? ''} ${file.slice(0, 20)}`,
          argv: [name, flags.at(-1) ?? '', file, '@/input'],
          files: { input: Buffer.alloc(3000, 0xfe) },
          env: { HOME: env['HOME'] },
        })),
      ),
  );
  return { name: 'files that options name: none, directories, noise', ends: [2, 3, 5], attempts };
}

const ENDPOINTS = [
  'http://evil.example',
  'ftp://x',
  'https://a:b@c',
  'a b',
  'https://x/path?q',
  ':',
  'https://',
  'x:99999',
  '[::1',
  'http://127.0.0.1.evil',
];

function variables({ at, env }: World): Kind {
  const bad: Readonly<Record<string, readonly string[]>> = {
    KMS_ASYM_ENDPOINT: ENDPOINTS,
    KMS_ASYM_CA_FILE: ['/nowhere', '/'],
    KMS_ASYM_PUBLIC_KEY: ['/nowhere', '/', at('raw')],
    NODE_TLS_REJECT_UNAUTHORIZED: ['0'],
    ALIBABA_CLOUD_PROFILE: ['nobody', '../x', '__proto__'],
    ALIBABA_CLOUD_CREDENTIALS_FILE: ['/nowhere', '/'],
    ALIBABA_CLOUD_CREDENTIALS_URI: ['x', 'ftp://x', 'http://127.0.0.1:1/'],
    ALIBABA_CLOUD_REGION_ID: ['evil.example/', '..', 'a b', 'x'.repeat(500)],
    HTTPS_PROXY: ['x y', 'ftp://proxy', 'http://127.0.0.1:1', 'http://u:hunter2hunter2@127.0.0.1:1'],
  };
  const argv = [...ASK(at), '--timeout', '2'];
  const bare = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ALIBABA_CLOUD_')));
  const attempts = Object.entries(bad).flatMap(([name, values]) =>
    values.map((value): Attempt => {
      const base = /PROFILE|CREDENTIALS/.test(name) ? bare : env;
      const remote = /PROXY|REGION|REJECT/.test(name)
        ? { KMS_ASYM_ENDPOINT: name.includes('PROXY') ? '192.0.2.1' : undefined }
        : {};
      const off = { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
      const attempt = { ...base, ...off, ...remote, [name]: value };
      return {
        title: `${name}=${value}`.slice(0, 100),
        argv: name === 'KMS_ASYM_PUBLIC_KEY' ? ['decrypt', at('raw'), ...OUT] : argv,
        env: attempt,
      };
    }),
  );
  return { name: 'variables of the environment', ends: [3, 5, 6, 7], attempts };
}

function dotenv({ at, env, seal }: World): Kind {
  const value = SECRET;
  const lines = [
    value,
    `=${value}`,
    `1A=${value}`,
    `A B=${value}`,
    `A="${value}`,
    `A='${value}`,
    `A=\`${value}`,
    `A="${value}" more`,
    `A=${value}#more`,
    `A: ${value}`,
    `export ${value}`,
    `__proto__=${value}`,
    `A=1\r${value}`,
    `A=1\0${value}`,
    `\ufeff${value}`,
    ...[
      'PATH',
      'LD_PRELOAD',
      'NODE_OPTIONS',
      'BASH_ENV',
      'PYTHONPATH',
      'GIT_SSH_COMMAND',
      'IFS',
      'PERL5OPT',
    ].map((name) => `${name}=${value}`),
  ];
  const texts = lines.flatMap((line) => [line, `GOOD=1\n${line}\n`, `${line}\nGOOD=1`]);
  const attempts = texts.map((text) => ({
    title: `dotenv ${JSON.stringify(text)}`,
    argv: ['exec', '--dotenv-file', '@/input', '--public-key', at('key-a.pem'), '--', 'true'],
    files: { input: seal(text) },
    env,
  }));
  return { name: 'dotenv files', ends: [3], attempts };
}

function seeds({ seed }: World): Kind {
  const text = JSON.stringify(seed);
  const words = ['KeyId', 'KeySpec', 'Versions', 'PrivateKey', 'Aliases', 'Tags', '__proto__', 'KeyState'];
  const key = (more: object) =>
    JSON.stringify({ keys: [{ KeyId: 'k', KeySpec: 'EC_P256', KeyUsage: 'SIGN/VERIFY', ...more }] });
  const made = [
    ...['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":[1]}', `{"keys":[],"more":"${SECRET}"}`],
    ...['', 'a b', '../x', 'k'.repeat(300), 1, null].map((KeyId) => key({ KeyId })),
    ...['RSA_1024', 'constructor', '', null].map((KeySpec) => key({ KeySpec })),
    ...['ENCRYPT/DECRYPT', 'x', 7].map((KeyUsage) => key({ KeyUsage })),
    ...['Gone', 'Pending', null].map((KeyState) => key({ KeyState })),
    ...[['x'], ['alias/'], 'alias/a', [1], ['alias/a', 'alias/a']].map((Aliases) => key({ Aliases })),
    ...[
      [],
      [{}],
      [{ KeyVersionId: 'v', PrivateKey: SECRET }],
      [{ KeyVersionId: 'v', PrivateKey: `-----BEGIN PRIVATE KEY-----\n${SECRET}` }],
      'x',
    ].map((Versions) => key({ Versions })),
    ...[{ a: 1 }, { '': 'x' }, [], { acs: 'x'.repeat(999) }].map((Tags) => key({ Tags })),
  ];
  const bad = [...made, ...cuts(text, 60), ...damaged(60, [text], [...JSON_WORDS, ...words], isBroken)];
  return {
    name: 'seeds of the emulator',
    ends: [7],
    attempts: withInput(bad, ['emulator', '--hsm', 'software', '--seed', '@/input', '--', 'true']),
  };
}

/** No JSON any more: what still is some may well be a seed, or a state, or a configuration. */
function isBroken(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return false;
  } catch {
    return true;
  }
}

function states(): Kind {
  const good = {
    format: 'kms-asym emulator state',
    version: 1,
    owner: 'a'.repeat(32),
    hsm: { backend: 'software' },
    aliases: [],
    keys: [],
  };
  const text = JSON.stringify(good);
  const members = Object.keys(good).flatMap((name) =>
    [null, 1, 'x', [], {}, [1], undefined].map((value) => JSON.stringify({ ...good, [name]: value })),
  );
  const bad = [
    ...members.filter(
      (each) =>
        !['"aliases":[],', '"keys":[]}'].every((part) => each.includes(part)) ||
        !each.startsWith(text.slice(0, 60)),
    ),
    ...cuts(text, 60),
    ...damaged(60, [text], JSON_WORDS, isBroken),
    JSON.stringify({ ...good, more: SECRET }),
  ].filter((each) => Buffer.from(each).toString() !== text);
  const attempts = bad.map((state, index) => ({
    title: `state #${index} ${Buffer.from(state).toString('latin1')}`,
    argv: ['emulator', '--hsm', 'software', '--state', '@/state', '--', 'true'],
    files: { 'state/state.json': state },
  }));
  return { name: 'state directories of the emulator', ends: [7], attempts };
}

const ASK = (at: World['at']): string[] => [
  'decrypt',
  at('raw'),
  '--key-id',
  'key-a',
  '--key-version-id',
  'v1',
  '--retry-count',
  '0',
  ...OUT,
];

function profiles({ at, env }: World): Kind {
  const profile = {
    name: 'p',
    mode: 'AK',
    access_key_id: 'LTAI',
    access_key_secret: SECRET,
    region_id: 'cn-hangzhou',
  };
  const config = (fields: object) => JSON.stringify({ current: 'p', profiles: [{ ...profile, ...fields }] });
  const made = [
    ...[
      '',
      'null',
      '[]',
      '{}',
      '{"profiles":{}}',
      `{"current":"q","profiles":[{"name":"p"}]}`,
      `{"current":"${SECRET}"}`,
    ],
    ...['', 'NoSuchMode', 'RsaKeyPair', 'constructor', null, 7].map((mode) => config({ mode })),
    ...['', null, 7, [], {}].flatMap((value) => [
      config({ access_key_id: value }),
      config({ access_key_secret: value }),
    ]),
    config({ mode: 'RamRoleArn', ram_role_arn: '' }),
    config({ mode: 'ChainableRamRoleArn', source_profile: 'p' }),
    config({ mode: 'ChainableRamRoleArn', source_profile: 'none' }),
    config({ mode: 'External', process_command: '' }),
    config({ mode: 'OIDC' }),
    config({ mode: 'CredentialsURI', credentials_uri: 'x' }),
    config({ mode: 'StsToken', sts_token: '' }),
    config({}),
  ];
  const bad = [...made, ...cuts(config({}), 60), ...damaged(80, [config({})], JSON_WORDS, isBroken)];
  const attempts = bad.map((text, index) => ({
    title: `profile #${index} ${Buffer.from(text).toString('latin1')}`,
    argv: [...ASK(at), '--profile', 'p'],
    files: { '.aliyun/config.json': text },
    env: {
      HOME: '@/',
      KMS_ASYM_ENDPOINT: env['KMS_ASYM_ENDPOINT'],
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    },
  }));
  return { name: 'profiles of the aliyun CLI', ends: [7], attempts };
}

function credentials({ at, env }: World): Kind {
  const section = (lines: string) => `[default]\n${lines}`;
  const key = `access_key_id = LTAI\naccess_key_secret = ${SECRET}\n`;
  const bad = [
    '',
    SECRET,
    '[other]\ntype = access_key\n',
    section(''),
    section(`type = ${SECRET}\n`),
    section(`type = access_key\n`),
    section(`type = access_key\naccess_key_id = LTAI\n`),
    section(`type = access_key\naccess_key_secret = ${SECRET}\n`),
    section(`type = ram_role_arn\n${key}`),
    section(`type = rsa_key_pair\n${key}`),
    section(`type = access_key\n${key}`),
    ...cuts(section(`type = access_key\n${key}`), 40),
  ];
  const attempts = bad.map((text, index) => ({
    title: `credentials #${index} ${Buffer.from(text).toString('latin1')}`,
    argv: ASK(at),
    files: { '.alibabacloud/credentials': text },
    env: {
      HOME: '@/',
      KMS_ASYM_ENDPOINT: env['KMS_ASYM_ENDPOINT'],
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    },
  }));
  return { name: 'credentials files of the SDKs', ends: [7], attempts };
}

function nameLists({ at }: World): Kind {
  const names = [
    'none',
    '/dev/null',
    '@/',
    'a\0b',
    'x'.repeat(5000),
    Buffer.from([0xff, 0xfe, 10]),
    '-',
    'input\ninput',
    'a/../../b',
  ];
  const argv = [
    'encrypt',
    '--public-key',
    at('key-a.pem'),
    '--output-dir',
    '@/out/made',
    '--files-from',
    '@/input',
  ];
  return {
    name: 'lists of names',
    ends: [2, 8],
    attempts: [
      ...withInput(names, argv),
      ...withInput(names, [...argv, '-0']),
      ...withInput(names, [...argv, '--continue']),
    ],
  };
}
