/** Whatever is done to a file is noticed, and nothing that is not authentic is released. */
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeArmor, encodeArmor } from '../../src/age/armor.js';
import { CHUNK_BYTES, NONCE_BYTES, SEALED_CHUNK_BYTES } from '../../src/age/chunk.js';
import { withFlippedBit } from '../flipped-bit.js';
import { knownFileKey, tellFileKey } from './identities.js';
import { collect, outcomeOf, pieces } from './streams.js';
import { decrypt, encrypt } from './whole-files.js';

const plaintext = randomBytes(3 * CHUNK_BYTES + 1000);
let fileKey: Buffer;
let file: Buffer;
let payload: number;

beforeAll(async () => {
  file = await collect(encrypt([tellFileKey((key) => (fileKey = key))], [plaintext]));
  payload = file.indexOf('\n--- ') + 49;
});

/** @param mayRelease - whether what is authentic may come out before the refusal */
async function expectRefused(changed: Uint8Array, mayRelease = true): Promise<void> {
  const { released, error } = await outcomeOf(decrypt([knownFileKey(fileKey)], pieces(changed, 100_000)));
  expect(error?.code).toMatch(/^(undecryptable|invalid-ciphertext)$/);
  if (!mayRelease) expect(released.length).toBe(0);
  expect(released.length % CHUNK_BYTES === 0 || released.length === plaintext.length).toBe(true);
  expect(released.equals(plaintext.subarray(0, released.length))).toBe(true);
}

/** The sealed chunks of the file, in the order of `places`. */
function rearranged(...places: number[]): Buffer {
  const start = payload + NONCE_BYTES;
  const chunks = places.map((place) =>
    file.subarray(start + place * SEALED_CHUNK_BYTES, start + (place + 1) * SEALED_CHUNK_BYTES),
  );
  return Buffer.concat([file.subarray(0, start), ...chunks]);
}

it('the file as it is opens', async () => {
  expect((await collect(decrypt([knownFileKey(fileKey)], [rearranged(0, 1, 2, 3)]))).equals(plaintext)).toBe(
    true,
  );
});

describe('a file is refused', () => {
  it('cut off at and around every chunk boundary', async () => {
    for (let chunk = 0; chunk <= 3; chunk++) {
      const boundary = payload + NONCE_BYTES + chunk * SEALED_CHUNK_BYTES;
      for (const offset of [-1, 0, 1, 15, 16, 17]) await expectRefused(file.subarray(0, boundary + offset));
    }
  });

  it('cut off at every byte of its header, and at 1,000 others', async () => {
    for (let end = 0; end < payload; end++) await expectRefused(file.subarray(0, end), false);
    for (let turn = 0; turn < 1000; turn++) {
      await expectRefused(file.subarray(0, Math.floor(Math.random() * file.length)));
    }
  });

  it('extended by anything', async () => {
    for (const length of [1, 15, 16, 17, CHUNK_BYTES, SEALED_CHUNK_BYTES]) {
      await expectRefused(Buffer.concat([file, randomBytes(length)]));
      await expectRefused(Buffer.concat([file, Buffer.alloc(length)]));
    }
    await expectRefused(Buffer.concat([file, file]));
    await expectRefused(Buffer.concat([file, file.subarray(payload + NONCE_BYTES)]));
  });

  it.each([
    [[1, 0, 2, 3]],
    [[0, 2, 1, 3]],
    [[0, 1, 3, 2]],
    [[0, 1, 3]],
    [[0, 2, 3]],
    [[3]],
    [[0, 0, 1, 2, 3]],
    [[0, 1, 2, 3, 3]],
    [[3, 2, 1, 0]],
  ])('with its chunks in the order %j', async (places) => {
    await expectRefused(rearranged(...places));
  });

  it('with any bit of its header or nonce flipped, and 1,000 others', async () => {
    const head = Array.from({ length: (payload + NONCE_BYTES) * 8 }, (_, bit) => bit);
    const others = Array.from({ length: 1000 }, () => Math.floor(Math.random() * file.length * 8));
    for (const bit of [...head, ...others]) {
      await expectRefused(withFlippedBit(file, bit), bit >= (payload + NONCE_BYTES) * 8);
    }
  }, 60_000);

  it('armored, with any byte changed but white space around and line ends', async () => {
    const small = await collect(
      encrypt([tellFileKey((key) => (fileKey = key))], [plaintext.subarray(0, 100)]),
    );
    const text = await collect(encodeArmor([small]));
    for (let place = 0; place < text.length - 1; place++) {
      for (const byte of [0x41, 0x2d, 0x5f, 0x3d, 0x20, 0x0a, 0x0d, 0xc3, 0x00]) {
        if (text[place] === byte) continue;
        const changed = Buffer.from(text);
        changed[place] = byte;
        const { released, error } = await outcomeOf(decrypt([knownFileKey(fileKey)], decodeArmor([changed])));
        expect(error, `byte ${place} as ${byte}`).toBeDefined();
        expect(released.length).toBe(0);
      }
    }
  });
});
