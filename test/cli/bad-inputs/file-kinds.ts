/** Files that strangers can damage or make up. */
import { constants, publicEncrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeaderParser } from '../../../src/age/header.js';
import { encodeStanza, type Stanza } from '../../../src/age/stanza.js';
import { parsePublicKeyFile } from '../../../src/crypto/public-key-file.js';
import { formatChange } from '../../../src/io/journal-entries.js';
import { cuts, damaged, flips, OUT, withInput, type Kind } from './kind.js';
import { IDENTITY, PLAINTEXT, RECIPIENT, SECRET, type World } from './world.js';

const AGE_WORDS = ['-> ', '\n', '\r\n', ' ', '--- ', 'age-encryption.org/v1\n', 'A'.repeat(64)];
/** What no reader of texts and keys takes. */
const JUNK = [
  '',
  '\0',
  '\n'.repeat(100),
  '<html><body>log in</body></html>',
  '{"Code":"Forbidden"}',
  '\ufeff',
  'x'.repeat(70_000),
];

/** All kinds. `fixtures` is the directory of keys that openssl made. */
export function fileKinds(world: World, fixtures: string): Kind[] {
  return [
    publicKeys(world, fixtures),
    ciphertexts(world, fixtures),
    ageFiles(world),
    armor(world),
    headers(world),
    signatures(world),
    recipients(world),
    identities(world),
    journals(world),
  ];
}

function refused(bytes: Buffer): boolean {
  try {
    parsePublicKeyFile(bytes, 'it');
    return false;
  } catch {
    return true;
  }
}

function publicKeys({ at, read }: World, fixtures: string): Kind {
  const others = [
    'rsa1024.pem',
    'rsa2048.key',
    'rsa2048.pkcs8.key',
    'rsa2048.pkcs8.der',
    'prime256v1.key',
    'secp384r1.pem',
    'ed25519.pem',
    'ed25519.key',
    'request.pem',
    'certificate.pem',
    'certificate.der',
  ].map((name) => readFileSync(join(fixtures, name)));
  const pem = read('key-a.pem').toString();
  const lines = [
    pem.replace(/Fingerprint: SHA256:./, 'Fingerprint: SHA256:!'),
    pem.replace(/^Region: .*$/m, 'Region: ../evil'),
    pem.replace(/^KeyId: .*$/m, 'KeyId: a b'),
    pem.replace(/^(KeyId: .*)$/m, '$1\n$1'),
    pem + pem,
    Buffer.from(pem, 'utf16le'),
  ];
  const der = readFileSync(join(fixtures, 'rsa2048.der'));
  const words = ['\n', 'KeyId: ', 'Region: ', '-----BEGIN PUBLIC KEY-----', '\0'];
  const bad = [
    ...JUNK,
    ...others,
    ...lines,
    ...cuts(der, 40),
    ...cuts(pem.slice(0, -40), 40),
    ...damaged(60, [pem, der], words, refused),
  ].filter((bytes) => refused(Buffer.from(bytes)));
  return {
    name: 'public key files',
    ends: [3, 5],
    attempts: [
      ...withInput(bad, ['encrypt', '--public-key', '@/input', at('native.age'), ...OUT]),
      ...withInput(bad, ['verify', '--public-key', '@/input', '--signature', at('signature'), at('raw')]),
      ...withInput(bad, ['recipient', '--public-key', '@/input', ...OUT]),
    ],
  };
}

function ciphertexts({ at, read, env }: World, fixtures: string): Kind {
  const raw = read('raw');
  const key = readFileSync(join(fixtures, 'rsa2048.pem'));
  const plain = Buffer.from(SECRET);
  const { RSA_PKCS1_OAEP_PADDING, RSA_PKCS1_PADDING } = constants;
  const otherwise = [
    publicEncrypt({ key, padding: RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, plain),
    publicEncrypt({ key, padding: RSA_PKCS1_PADDING }, plain),
    publicEncrypt({ key: readFileSync(join(fixtures, 'rsa3072.pem')), oaepHash: 'sha256' }, plain),
    publicEncrypt({ key: readFileSync(join(fixtures, 'rsa4096.pem')), oaepHash: 'sha256' }, plain),
  ];
  const base64 = raw.toString('base64');
  const texts = [
    `{"CiphertextBlob":"${base64}"}`,
    `"${base64}"`,
    Buffer.from(base64).toString('base64'),
    base64.slice(1),
    `${base64}${base64}`,
    base64.replace(/=*$/, '!'),
    Buffer.from(base64, 'utf16le'),
  ];
  const sizes = [1, 16, 255, 257, 383, 385, 511, 513, 4096].map((size) => Buffer.alloc(size, 0x5a));
  const bad = [
    ...JUNK,
    ...otherwise,
    ...texts,
    ...sizes,
    ...cuts(raw, 20),
    ...cuts(base64, 20),
    ...flips(raw, 32),
  ];
  const argv = ['decrypt', '--public-key', at('key-a.pem'), '@/input', ...OUT];
  return { name: 'ciphertext, raw and base64', ends: [3], attempts: withInput(bad, argv, { env }) };
}

function ageFiles({ at, read }: World): Kind {
  const native = read('native.age');
  const argv = ['decrypt', '-i', at('identity-file'), '@/input', ...OUT];
  const bad = [
    ...cuts(native, native.length),
    ...flips(native, native.length),
    ...damaged(200, [native], AGE_WORDS),
    Buffer.concat([native, Buffer.from([0])]),
    Buffer.concat([native, native]),
  ];
  return {
    name: 'age files',
    ends: [3],
    attempts: withInput(bad, argv),
  };
}

function armor({ read, at }: World): Kind {
  const armored = read('armored.age');
  const text = armored.toString();
  const bad = [
    ...cuts(text.trimEnd(), 80),
    // White space around it and the line ends of others do no harm.
    `\n${text.replaceAll('\n', '\r\n')}\n`,
    text.replace('\n', '\n\n'),
    text.replace('BEGIN AGE', 'BEGIN  AGE'),
    text.replace('-----END', '----END'),
    `${text}more`,
    text.replaceAll('\n', ' '),
    ...damaged(150, [armored], ['\n', '\r\n', ' ', '=', '-----BEGIN AGE ENCRYPTED FILE-----']),
  ];
  const argv = ['decrypt', '-i', at('identity-file'), '@/input'];
  return {
    name: 'age armor',
    ends: [0, 3],
    attempts: withInput(bad, argv),
    whole: PLAINTEXT,
  };
}

function headers({ read, env }: World): Kind {
  const file = read('kms.age');
  const header = new HeaderParser().push(file);
  if (!header) throw new Error('no header');
  const [good] = header.stanzas as [Stanza, ...Stanza[]];
  const [algorithm = '', fingerprint = '', region = '', keyId = '', version = ''] = good.args;
  const stanzas: Stanza[][] = [
    [],
    ['evil.example/', '..', 'cn-hangzhou.evil', 'CN-HANGZHOU', '-'].map((name) => [
      algorithm,
      fingerprint,
      name,
      keyId,
      version,
    ]),
    ['../key', 'alias/a', 'acs:kms:x', 'k%00', 'k'.repeat(300), 'key-none'].map((id) => [
      algorithm,
      fingerprint,
      region,
      id,
      version,
    ]),
    [
      ['RSAES_PKCS1_V1_5', fingerprint],
      ['constructor', fingerprint],
      [algorithm],
      [algorithm, 'AAAA'],
      [algorithm, fingerprint, region],
    ],
  ].flatMap((args) => (args.length === 0 ? [[]] : args.map((each) => [{ ...good, args: each }])));
  const many = Array.from({ length: 65 }, () => good);
  const bodies = [0, 16, 255, 257].map((size) => [{ ...good, body: Buffer.alloc(size) }]);
  const foreign = ['X25519', 'scrypt', 'ssh-rsa', 'x'.repeat(500)].map((type) => [
    { type, args: ['A'.repeat(43)], body: Buffer.alloc(32) },
  ]);
  const made = [...stanzas, ...bodies, ...foreign, many, [good, { ...good, args: [] }]].map(
    (each) => `age-encryption.org/v1\n${each.map(encodeStanza).join('')}--- ${'A'.repeat(43)}\n`,
  );
  const bad = [...made, ...damaged(200, [file], [...AGE_WORDS, 'alikms', 'cn-hangzhou'])];
  const argv = ['decrypt', '@/input', '--retry-count', '0', ...OUT];
  return {
    name: 'age headers that name keys of KMS',
    ends: [3],
    attempts: withInput(bad, argv, { env }),
  };
}

function signatures({ at, read }: World): Kind {
  const signature = read('signature');
  const base64 = signature.toString('base64');
  const bad = [
    ...JUNK,
    ...cuts(signature, 32),
    ...cuts(base64, 32),
    ...flips(signature, 64),
    ...damaged(60, [signature], ['\0']),
  ];
  const argv = ['verify', '--public-key', at('key-sign.pem'), '--signature', '@/input', at('plain')];
  const stdin = argv.with(-1, '-');
  return { name: 'signatures', ends: [3], attempts: withInput(bad, stdin, { stdin: PLAINTEXT }) };
}

/** The first line that begins so. */
function lineOf(file: Buffer, beginning: string): string {
  const lines = file.toString().split('\n');
  return lines.find((line) => line.startsWith(beginning)) ?? '';
}

function recipients({ at, read }: World): Kind {
  const kms = lineOf(read('recipients'), 'age1');
  const bad = [
    IDENTITY,
    'ssh-rsa AAAA',
    'age1',
    'age1qqqq',
    'age1yubikey1qqqq',
    RECIPIENT.toUpperCase(),
    ...flips(Buffer.from(RECIPIENT), RECIPIENT.length),
    ...flips(Buffer.from(kms), 100),
    ...cuts(RECIPIENT, 30).slice(1),
    ...cuts(kms, 40).slice(1),
  ];
  const words = bad
    .map((each) => Buffer.from(each).toString('latin1'))
    .filter((word) => !/^#|^$|\n/.test(word));
  return {
    name: 'recipients',
    ends: [3],
    attempts: [
      ...withInput(words, ['encrypt', '-R', '@/input', at('native.age'), ...OUT]),
      ...words.map((word) => ({
        title: word,
        argv: ['encrypt', `--recipient=${word}`, at('native.age'), ...OUT],
      })),
    ],
  };
}

function identities({ at, read }: World): Kind {
  const kms = lineOf(read('kms-identity'), 'AGE-PLUGIN');
  const bad = [
    ...JUNK,
    RECIPIENT,
    IDENTITY.toLowerCase(),
    '-----BEGIN OPENSSH PRIVATE KEY-----',
    ...flips(Buffer.from(IDENTITY), IDENTITY.length),
    ...flips(Buffer.from(kms), kms.length),
    ...cuts(IDENTITY, 40).slice(1),
  ];
  const argv = ['decrypt', '-i', '@/input', at('native.age'), ...OUT];
  return { name: 'identity files', ends: [3], attempts: withInput(bad, argv) };
}

function journals({ at, read, env }: World): Kind {
  const file = read('kms.age');
  const length = new HeaderParser().push(file)?.length ?? 0;
  const before = file.subarray(0, length);
  const change = formatChange({ size: file.length, before, after: Buffer.alloc(length, 'x') });
  const nonce = '0123456789abcdef';
  const journal = `\n${nonce} holds ${nonce}:1:1\n${nonce} change ${change}\n${nonce} temporary ../../evil\n${nonce} released\n`;
  // Behind a damaged checksum, and for another file: what is written down there is not done.
  const bad = [...flips(Buffer.from(change), 40), ...cuts(change, 40)].map(
    (each) => `\n${nonce} change ${each.toString('latin1')}\n`,
  );
  const argv = ['rewrap', '--check', '--to', at('key-a.pem'), '@/file.age'];
  const texts = [
    ...bad,
    ...damaged(80, [journal.replace(change, '1 A A 0')], ['\n', ' ', 'change ', 'holds ', '\0']),
  ];
  return {
    name: 'journals beside a file',
    ends: [0, 3],
    attempts: texts.map((text, index) => ({
      title: `journal #${index}`,
      argv: index % 2 === 0 ? argv : ['decrypt', '@/file.age'],
      files: { 'file.age': file, '.file.age.kms-asym-journal': text },
      env,
    })),
  };
}
