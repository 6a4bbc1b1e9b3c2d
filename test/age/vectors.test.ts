import { describe, expect, inject, it } from 'vitest';
import { decodeArmor, encodeArmor } from '../../src/age/armor.js';
import { ByteReader, type ByteStream } from '../../src/age/byte-stream.js';
import { encodeHeader, readHeader } from '../../src/age/header.js';
import { KmsIdentity } from '../../src/age/kms-identity.js';
import { KmsRecipient } from '../../src/age/kms-stanza.js';
import type { Identity } from '../../src/age/recipient.js';
import { recognizeAge } from '../../src/age/recognition.js';
import { CHUNK_BYTES } from '../../src/age/chunk.js';
import { knownFileKey, nativeIdentity, publicKeyOf, RSA_KEYS, unwrapWith } from './identities.js';
import { collect, expectationOf, outcomeOf, pieces, sha256 } from './streams.js';
import { VECTORS, type Vector } from './vectors.js';
import { decrypt } from './whole-files.js';

const fixtures = inject('fixtures');

const NATIVE = VECTORS.filter(({ name }) => !/scrypt|hybrid/.test(name));
const OTHERS = VECTORS.filter(({ name }) => /scrypt|hybrid/.test(name));
/** Beyond this, single bytes are only tried around the chunk boundaries: each costs an event. */
const MAX_SINGLE_BYTES = 4 * CHUNK_BYTES;

type Split = (file: Buffer) => ByteStream;
const SPLITS: readonly (readonly [string, Split])[] = [
  ['whole', (file) => [file]],
  ['in odd pieces', (file) => pieces(file, 1, 7, 63, 0, 4097, 65551, 65552, 65553, 200_003)],
  ['in chunks of a file', (file) => pieces(file, CHUNK_BYTES)],
  ['byte by byte', (file) => byBytes(file)],
];

function* byBytes(file: Buffer): Generator<Buffer> {
  yield* pieces(file.subarray(0, MAX_SINGLE_BYTES), 1);
  yield* pieces(
    file.subarray(MAX_SINGLE_BYTES),
    CHUNK_BYTES - 64,
    ...Array<number>(144).fill(1),
    CHUNK_BYTES - 64,
  );
}

function open({ armored }: Vector, stream: ByteStream, identities: readonly Identity[]): ByteStream {
  return decrypt(identities, armored ? decodeArmor(stream) : stream);
}

async function check(vector: Vector, identities: readonly Identity[], split: Split): Promise<void> {
  const outcome = await outcomeOf(open(vector, split(vector.file), identities));
  expect(expectationOf(outcome)).toBe(vector.expect);
  if (vector.payload === undefined) expect(outcome.released.length).toBe(0);
  else expect(sha256(outcome.released)).toBe(vector.payload);
}

async function binary({ armored, file }: Vector): Promise<Buffer> {
  return armored ? collect(decodeArmor([file])) : file;
}

it('are all there', () => {
  expect(NATIVE.length).toBeGreaterThanOrEqual(98);
  expect(OTHERS.length).toBeGreaterThanOrEqual(45);
});

describe.each(SPLITS)('a vector read %s', (_how, split) => {
  it.each(NATIVE)('gives what is expected of $name', async (vector) => {
    await check(vector, vector.identities.map(nativeIdentity), split);
  });

  it.each(OTHERS.filter((vector) => vector.expect === 'success'))(
    'gives the payload of $name when its file key is known',
    async (vector) => {
      await check(vector, [knownFileKey(vector.fileKey ?? Buffer.alloc(16))], split);
    },
  );
});

describe('a vector with a stanza of ours', () => {
  const payloads = VECTORS.filter(
    ({ expect: outcome, fileKey }) => fileKey && /^(success|payload failure|HMAC failure)$/.test(outcome),
  );

  it('exists for most', () => {
    expect(payloads.length).toBeGreaterThan(40);
  });

  it.each(payloads)('opens as $name does', async (vector) => {
    const fileKey = vector.fileKey ?? Buffer.alloc(16);
    const file = await binary(vector);
    const payload = file.subarray((await readHeader(new ByteReader([file]))).length);
    for (const name of RSA_KEYS) {
      const stanzas = new KmsRecipient(publicKeyOf(fixtures, name), {}).wrap(fileKey);
      const headed = Buffer.concat([encodeHeader(stanzas, fileKey), payload]);
      const outcome = await outcomeOf(
        decrypt([new KmsIdentity(unwrapWith(fixtures, name))], pieces(headed, 131_071)),
      );
      if (vector.expect !== 'HMAC failure') {
        expect(expectationOf(outcome)).toBe(vector.expect);
        expect(sha256(outcome.released)).toBe(vector.payload);
      }
    }
  });
});

describe('a vector that is written again', () => {
  it.each(VECTORS.filter(({ expect: outcome }) => outcome === 'success'))(
    'has the header of $name, byte for byte',
    async (vector) => {
      const file = await binary(vector);
      const header = await readHeader(new ByteReader([file]));
      const written = encodeHeader(header.stanzas, vector.fileKey ?? Buffer.alloc(16));
      expect(written.equals(file.subarray(0, header.length))).toBe(true);
    },
  );

  it.each(VECTORS.filter(({ armored, expect: outcome }) => armored && outcome === 'success'))(
    'has the armor of $name but for white space around and line ends',
    async ({ file }) => {
      const written = (await collect(encodeArmor(decodeArmor([file])))).toString();
      expect(written).toBe(`${file.toString().trim().replaceAll('\r\n', '\n')}\n`);
    },
  );
});

it.each(VECTORS.filter(({ name, expect: outcome }) => outcome === 'success' || /^(hmac|stream)_/.test(name)))(
  'is recognised: $name',
  ({ armored, file }) => {
    expect(recognizeAge(file)).toBe(armored ? 'armor' : 'binary');
  },
);
