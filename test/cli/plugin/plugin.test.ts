/** What the plugin takes from its environment, and what people are told; the protocol itself is in test/age/plugin. */
import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeKmsIdentity } from '../../../src/age/kms-identity-string.js';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import { hintsWithoutFlags } from '../../../src/cli/plugin/hints.js';
import { pluginMain } from '../../../src/cli/plugin/main.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { BrokenPipe } from '../../../src/io/stdio.js';
import { Client, stanza } from '../../age/plugin/client.js';
import { inProcess } from '../../age/plugin/process.js';
import { createWorld, type World, type WorldKey } from '../../age/plugin/world.js';
import { temporaryFolder } from '../../kms/test-server.js';
import { memoryStdio } from '../memory-stdio.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({ hsm: 'software' });
});
afterAll(() => world.close());

const KEY = randomBytes(16);

/** The stanza of a file, which names its key, or not, in a region. */
function wrapped({ key, keyId, keyVersionId }: WorldKey, region?: string): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const locator = region === undefined ? [] : [region, keyId, keyVersionId];
  const args = ['0', 'alikms', 'RSAES_OAEP_SHA_256', key.fingerprint, ...locator];
  return stanza(
    'recipient-stanza',
    args,
    publicEncrypt({ key: key.keyObject, padding, oaepHash: 'sha256' }, KEY),
  );
}

/** What the plugin says, each command on a line of its own and then its body. */
async function unwrap(identity: string, text: string, changed: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const start = inProcess({ ...world.env, ...changed });
  const client = new Client(start, 'identity-v1').say(
    stanza('add-identity', [identity]),
    text,
    stanza('done'),
  );
  const commands = await client.converse();
  return commands.map(({ type, args, body }) =>
    [[type, ...args].join(' '), type === 'file-key' ? body.toString('hex') : body.toString()].join('\n'),
  );
}

const OPENED = [`file-key 0\n${KEY.toString('hex')}`];

describe('a stanza that does not name its key', () => {
  it.each<[string, () => NodeJS.ProcessEnv]>([
    ['KMS_ASYM_KEY_ID', () => ({ KMS_ASYM_KEY_ID: world.keys.RSA_2048.keyId })],
    ['KMS_ASYM_PUBLIC_KEY', () => ({ KMS_ASYM_PUBLIC_KEY: publicKeyFile(world.keys.RSA_2048) })],
  ])('is opened by the key of %s', async (_name, changed) => {
    expect(await unwrap(world.anyIdentity, wrapped(world.keys.RSA_2048), changed())).toEqual(OPENED);
  });

  it('is somebody else’s when the key of the environment does not open it', async () => {
    const changed = { KMS_ASYM_KEY_ID: world.keys.RSA_3072.keyId };
    expect(await unwrap(world.anyIdentity, wrapped(world.keys.RSA_2048), changed)).toEqual([]);
  });

  it('is an error where the service refuses the key that the identity names', async () => {
    const [said] = await unwrap(world.denied.identity, wrapped(world.denied));
    expect(said).toMatch(/^error stanza 0 0\nAsymmetricDecrypt .*\nForbidden\.NoPermission \(HTTP 403, /);
  });
});

function publicKeyFile({ key, keyId, keyVersionId }: WorldKey): string {
  const file = join(temporaryFolder(), 'key.pem');
  const pem = key.keyObject.export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(file, `KeyId: ${keyId}\nKeyVersionId: ${keyVersionId}\n${pem}`);
  return file;
}

describe('the region of a file', () => {
  const away = { KMS_ASYM_ENDPOINT: '' };

  it('is asked nothing when it is unknown', async () => {
    const [said] = await unwrap(world.anyIdentity, wrapped(world.keys.RSA_2048, 'zz-nowhere-1'), away);
    expect(said).toBe(
      'error stanza 0 0\n"the age file" names an unknown region "zz-nowhere-1"\nhint: if the region is right, confirm it: ALIBABA_CLOUD_REGION_ID=zz-nowhere-1',
    );
  });

  it.each<[string, string, NodeJS.ProcessEnv]>([
    ['the environment', encodeKmsIdentity({}), { ALIBABA_CLOUD_REGION_ID: 'zz-nowhere-1' }],
    ['an identity', encodeKmsIdentity({ region: 'zz-nowhere-1' }), {}],
  ])('is asked when %s confirms it', async (_who, identity, changed) => {
    // No credentials: that is found out where the region was accepted, and nobody is asked after all.
    const nobody = { ALIBABA_CLOUD_ACCESS_KEY_ID: '', ALIBABA_CLOUD_ACCESS_KEY_SECRET: '' };
    const [said] = await unwrap(identity, wrapped(world.keys.RSA_2048, 'zz-nowhere-1'), {
      ...away,
      ...nobody,
      ...changed,
    });
    expect(said).toMatch(/^error stanza 0 0\nno credentials found\n/);
  });
});

describe('a file of the environment', () => {
  const relative = { KMS_ASYM_CA_FILE: 'ca.pem' };
  const refusal = [
    'KMS_ASYM_CA_FILE is "ca.pem", but age clients start the plugin in another directory',
    'hint: give the whole path: KMS_ASYM_CA_FILE="$PWD"/ca.pem',
  ];

  it('is not looked for where the client happens to be', async () => {
    const said = await unwrap(world.anyIdentity, wrapped(world.keys.RSA_2048, 'cn-hangzhou'), relative);
    expect(said).toEqual([['error stanza 0 0', ...refusal].join('\n')]);
    const start = inProcess({ ...world.env, ALICLOUD_OIDC_TOKEN_FILE: './token' });
    const order = [stanza('add-identity', [world.keys.RSA_2048.identity]), stanza('wrap-file-key', [], KEY)];
    const [error] = await new Client(start, 'recipient-v1').say(...order, stanza('done')).converse();
    expect(error?.args).toEqual(['identity', '0']);
    expect(error?.body.toString()).toMatch(/^ALICLOUD_OIDC_TOKEN_FILE is ".\/token", but/);
  });

  it('does not matter where nobody is asked', async () => {
    const start = inProcess(relative);
    const order = [
      stanza('add-recipient', [world.keys.RSA_2048.recipient]),
      stanza('wrap-file-key', [], KEY),
    ];
    const said = await new Client(start, 'recipient-v1').say(...order, stanza('done')).converse();
    expect(said.map(({ type }) => type)).toEqual(['recipient-stanza']);
  });
});

it('shows that it waits for the service', async () => {
  // Its first call fails, the second does not.
  const busy = await startEmulator({ hsm: 'software', faults: { error503: 0.5, seed: 99 } });
  onTestFinished(() => busy.close());
  const said = await unwrap(
    world.anyIdentity,
    wrapped(world.keys.RSA_2048, 'cn-hangzhou'),
    emulatorEnvironment(busy, {}),
  );
  expect(said.at(0)).toMatch(/^msg\nAsymmetricDecrypt: .*; trying again in [\d.]+ s \(1 of 5\)$/);
  expect(said.at(-1)).toMatch(/^error stanza 0 0\n[^]*Forbidden\.KeyNotFound \(HTTP 404, /);
});

it.each([
  [
    'check the key id, and --region: a key exists in one region only',
    'check the key id, and ALIBABA_CLOUD_REGION_ID: a key exists in one region only',
  ],
  [
    'say it: --region cn-hangzhou, ALIBABA_CLOUD_REGION_ID=cn-hangzhou, or so',
    'say it: ALIBABA_CLOUD_REGION_ID=cn-hangzhou, or so',
  ],
  ['check --region or --endpoint', 'check ALIBABA_CLOUD_REGION_ID or KMS_ASYM_ENDPOINT'],
  ['trust it: --ca-file FILE (gateways)', 'trust it: KMS_ASYM_CA_FILE=FILE (gateways)'],
  ['its own authority is the one for --ca-file', 'its own authority is the one for KMS_ASYM_CA_FILE'],
  ['it is what --ca-file or KMS_ASYM_CA_FILE names', 'it is what KMS_ASYM_CA_FILE names'],
  ['the key has --key-version-id v1 (created today)', 'the key has version v1 (created today)'],
  [
    'enable the key: kms-asym enable-key --key-id key-1',
    'enable the key: kms-asym enable-key --key-id key-1',
  ],
  ['allow more time with --timeout', undefined],
  ['--key-version-id v1 (created today)', undefined],
  [
    'the file is for an age key too: -i KEY-FILE opens it',
    'the file is for an age key too: -i KEY-FILE opens it',
  ],
])('says the hint "%s" without flags', (hint, expected) => {
  expect(hintsWithoutFlags([hint])).toEqual(expected === undefined ? [] : [expected]);
});

describe('a run that cannot end well', () => {
  const run = (stdio: Partial<ReturnType<typeof memoryStdio>>, ...args: string[]) => {
    const all = { ...memoryStdio(), ...stdio };
    return pluginMain(args, { stdio: all, env: {}, interceptSignals: () => () => undefined });
  };
  const broken = {
    isTerminal: false,
    write: () => Promise.reject(new BrokenPipe('the reader went away')),
  };

  it('says of a bug only what kind it is', async () => {
    const stdio = memoryStdio();
    const stdin = {
      isTerminal: false,
      chunks: () => {
        throw new TypeError('a secret');
      },
    };
    expect(await run({ ...stdio, stdin }, '--age-plugin=identity-v1')).toBe(1);
    expect(stdio.output('stderr').toString()).toMatch(
      /^age-plugin-alikms: error: something went wrong that should not have \(TypeError\)\n.*hint: .*\n$/,
    );
  });

  it('ends as usual when nobody reads its errors', async () => {
    expect(await run({ stderr: broken }, '--age-plugin=no')).toBe(2);
  });

  it('ends as a pipe does when nobody reads its help', async () => {
    expect(await run({ stdout: broken }, '--help')).toBe(141);
  });
});
