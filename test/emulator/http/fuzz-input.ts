/** Requests that nobody should send: noise, near misses of HTTP, and good requests that were damaged. */
import { gzipSync } from 'node:zlib';
import { ACTIONS } from '../../../src/emulator/actions/index.js';
import { type Credentials, getV1, type Params, postV1, type RawRequest, signV3 } from '../signer.js';

/** A reproducible source of choices (xorshift). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** From 0 to `below - 1`. */
  roll(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T;
  }

  bytes(max: number): Buffer {
    return Buffer.from(Array.from({ length: this.roll(max) }, () => this.roll(256)));
  }
}

const METHODS = ['GET', 'POST', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'CONNECT', 'BREW', 'get', ''] as const;
const TARGETS = [
  '/',
  '/?',
  '*',
  '//',
  '/healthz',
  'http://x/',
  'x:443',
  '/%',
  '/?%zz',
  '/?a=1&a=2',
  '/é',
  ' ',
] as const;
const VERSIONS = [
  ...Array<string>(12).fill('HTTP/1.1'),
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.',
  '',
] as const;
const ENDS = [...Array<string>(40).fill('\r\n'), '\n', '\r', '\0'] as const;
const HEADERS = [
  ['host', ['x', '', 'a,b', '\x80']],
  ['content-length', ['0', '5', '-1', '1e3', '99999999999999999999', '5, 5']],
  ['transfer-encoding', ['chunked', 'gzip, chunked', 'chunked, chunked', 'identity', '']],
  [
    'content-type',
    ['application/x-www-form-urlencoded', 'application/json', 'multipart/form-data', ';;', ''],
  ],
  ['content-encoding', ['gzip', 'br', 'x']],
  ['connection', ['close', 'keep-alive', 'upgrade', 'x']],
  ['upgrade', ['websocket', 'h2c']],
  ['expect', ['100-continue', 'x']],
  [
    'authorization',
    ['ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=', 'Basic eDp4', 'ACS3-HMAC-SHA256'],
  ],
  ['x-acs-action', ['ListKeys', '', '__proto__', 'constructor']],
  ['x-acs-version', ['2016-01-20', '1']],
  ['x-acs-date', ['2030-01-01T00:00:00Z', 'now']],
  [' folded', ['x']],
  ['x'.repeat(300), ['y'.repeat(300)]],
] as const;

export function noise(dice: Dice): Buffer {
  return dice.bytes(2000);
}

/** Something with the shape of a request. */
export function nearMiss(dice: Dice): Buffer {
  const end = () => dice.pick(ENDS);
  const lines = [`${dice.pick(METHODS)} ${dice.pick(TARGETS)} ${dice.pick(VERSIONS)}${end()}`];
  for (let count = dice.roll(8); count > 0; count -= 1) {
    const [name, values] = dice.pick(HEADERS);
    lines.push(
      `${name}${dice.pick([':', ': ', ': ', ': ', ': ', ': ', ' :', ''])}${dice.pick(values)}${end()}`,
    );
  }
  return Buffer.concat([Buffer.from(`${lines.join('')}${end()}`, 'latin1'), someBody(dice)]);
}

function someBody(dice: Dice): Buffer {
  switch (dice.roll(5)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.from('Action=ListKeys&Version=2016-01-20');
    case 2:
      return gzipSync('Action=ListKeys');
    case 3:
      return Buffer.from(`${dice.pick(['3', 'zz', 'ffffffffffffffff', '-1'])}\r\nabc\r\n0\r\n\r\n`);
    default:
      return dice.bytes(200);
  }
}

/** A good request as bytes. */
export function goodRequest(dice: Dice, credentials: Credentials, action: string, params: Params): Buffer {
  const sign = dice.pick([
    () => getV1(credentials, action, params),
    () => postV1(credentials, action, params),
    () => signV3(credentials, action, { query: params }),
    () => signV3(credentials, action, { form: params }),
  ]);
  return bytesOf(sign());
}

/** The same request as the last of its connection. */
export function asLast(request: Buffer): Buffer {
  return Buffer.from(
    request.toString('latin1').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    'latin1',
  );
}

function bytesOf({ method, path, headers, body }: RawRequest): Buffer {
  const lines = Object.entries({ host: 'x', ...headers, 'content-length': body.length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`, 'latin1');
}

/** The bytes with a few of them changed, lost, repeated or added. */
export function damage(dice: Dice, bytes: Buffer): Buffer {
  let damaged = bytes;
  for (let count = 1 + dice.roll(4); count > 0; count -= 1) {
    const from = dice.roll(damaged.length + 1);
    const to = Math.min(damaged.length, from + dice.roll(40));
    const [before, middle, after] = [
      damaged.subarray(0, from),
      damaged.subarray(from, to),
      damaged.subarray(to),
    ];
    const replacement = dice.pick([
      () => Buffer.alloc(0),
      () => Buffer.concat([middle, middle]),
      () => Buffer.from(middle.map((byte) => byte ^ (1 << dice.roll(8)))),
      () => Buffer.concat([middle, dice.bytes(20)]),
      () =>
        Buffer.from(
          dice.pick(['\r\n', '\r\n\r\n', '&', '=', '%', '%00', '\0', '\xff', ': ', '&Action=CreateKey']),
          'latin1',
        ),
    ]);
    damaged = Buffer.concat([before, replacement(), after]);
  }
  return damaged;
}

const VALUES = [
  '',
  ' ',
  '0',
  '-1',
  '7',
  '366',
  '1e400',
  '99999999999999999999',
  'true',
  'null',
  '[]',
  '{}',
  '[null]',
  '[{}]',
  '[[[[[[]]]]]]',
  '[{"TagKey":"a","TagValue":"b"}]',
  '[{"TagKey":1,"TagValue":{}}]',
  '["a","a"]',
  '[{"Key":"KeyState","Values":["Enabled"]}]',
  '[{"Key":"KeyState","Values":"Enabled"}]',
  '{"__proto__":{"x":1}}',
  '"',
  'AAAA',
  'A===',
  'A'.repeat(344),
  'x'.repeat(9000),
  'alias/x',
  'alias/',
  'alias/acs/x',
  'acs:kms:cn-hangzhou:1000000000000000:key/',
  'acs:kms:cn-hangzhou:1000000000000000:alias/x',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud83d\udd11',
  '\u202e',
  'EC_P256',
  'RSA_2048',
  'EC_SM2',
  'Aliyun_AES_256',
  'ENCRYPT/DECRYPT',
  'SIGN/VERIFY',
  'SOFTWARE',
  'HSM',
  'Aliyun_KMS',
  'EXTERNAL',
  'RSAES_OAEP_SHA_256',
  'RSA_PSS_SHA_256',
  'ECDSA_SHA_256',
  'kst-hzz62f1cb66fa42qo1234',
] as const;

const NAMES = [
  ...['KeyId', 'KeyVersionId', 'AliasName', 'Algorithm', 'Plaintext', 'CiphertextBlob', 'Digest', 'Value'],
  ...['KeyUsage', 'Origin', 'ProtectionLevel', 'DKMSInstanceId', 'Description', 'Tags', 'TagKeys', 'Policy'],
  ...['PageNumber', 'PageSize', 'Filters', 'DryRun', 'PendingWindowInDays', 'ProtectedResourceArn'],
  ...[
    'EnableDeletionProtection',
    'DeletionProtectionDescription',
    'EnableAutomaticRotation',
    'RotationInterval',
  ],
  ...['KeyStorageMechanism', 'Format', '__proto__', 'constructor'],
];

/** An action with parameters that make little sense; `known` are values that name something. */
export function oddCall(dice: Dice, known: readonly string[]): { action: string; params: Params } {
  const actions = Object.keys(ACTIONS);
  const action = actions[dice.roll(actions.length)] ?? '';
  const pairs = Array.from({ length: dice.roll(9) }, () => {
    const value = dice.roll(3) === 0 ? known[dice.roll(known.length)] : undefined;
    return [NAMES[dice.roll(NAMES.length)] ?? '', value ?? dice.pick(VALUES)];
  });
  // Nearly every action wants a key; making RSA keys is slow.
  const likely = dice.roll(4) === 0 ? [] : [['KeyId', known[dice.roll(known.length)] ?? '']];
  const spec =
    action === 'CreateKey' ? [['KeySpec', dice.pick(['EC_P256', 'EC_P256', 'EC_SM2', 'x', ''])]] : [];
  return { action, params: Object.fromEntries([...likely, ...pairs, ...spec]) as Params };
}
