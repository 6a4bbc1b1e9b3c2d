import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, Segmenter } from '../../src/age/byte-stream.js';
import { createFileKey, FILE_KEY_BYTES } from '../../src/age/file-key.js';
import { payloadSize, plaintextSize } from '../../src/age/payload-size.js';
import {
  CHUNK_BYTES,
  createNonce,
  derivePayloadKey,
  NONCE_BYTES,
  openChunk,
  requireChunk,
  SEALED_CHUNK_BYTES,
  sealChunk,
  TAG_BYTES,
} from '../../src/age/chunk.js';
import { decryptStream, encryptStream, PayloadOpener, PayloadSealer } from '../../src/age/stream.js';
import { collect, outcomeOf, pieces } from './streams.js';

const fileKey = createFileKey();

describe('a payload', () => {
  it('comes back whole, whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3 * CHUNK_BYTES + 5),
        fc.array(fc.nat(2 * CHUNK_BYTES), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(2 * CHUNK_BYTES), { minLength: 1, maxLength: 5 }),
        async (size, first, second) => {
          const plaintext = randomBytes(size);
          const sealed = await collect(encryptStream(fileKey, pieces(plaintext, ...first, 1000)));
          expect(sealed.length).toBe(payloadSize(size));
          const opened = await collect(decryptStream(fileKey, pieces(sealed, ...second, 1000)));
          expect(opened.equals(plaintext)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of an empty file is one empty chunk', async () => {
    for (const empty of [[], [Buffer.alloc(0)], [Buffer.alloc(0), Buffer.alloc(0)]]) {
      const sealed = await collect(encryptStream(fileKey, empty));
      expect(sealed.length).toBe(NONCE_BYTES + TAG_BYTES);
      expect((await collect(decryptStream(fileKey, [sealed]))).length).toBe(0);
    }
  });

  it('is different every time', async () => {
    const [one, two] = [await collect(encryptStream(fileKey, [])), await collect(encryptStream(fileKey, []))];
    expect(one.equals(two)).toBe(false);
    expect(createFileKey().length).toBe(FILE_KEY_BYTES);
  });

  it('is encrypted and decrypted chunk by chunk, not at its end', async () => {
    const released = async (stream: AsyncGenerator<Uint8Array>, count: number): Promise<void> => {
      for (let index = 0; index < count; index++) expect((await stream.next()).done).toBe(false);
      await stream.return(undefined);
    };
    const endless = function* (size: number): Generator<Buffer> {
      for (;;) yield Buffer.alloc(size);
    };
    await released(encryptStream(fileKey, endless(CHUNK_BYTES)), 100);
    const nonce = createNonce();
    const key = derivePayloadKey(fileKey, nonce);
    const sealed = function* (): Generator<Uint8Array> {
      yield nonce;
      for (let counter = 0; ; counter++) yield sealChunk(key, counter, false, Buffer.alloc(CHUNK_BYTES));
    };
    await released(decryptStream(fileKey, sealed()), 100);
  });

  it('says what happened to it', async () => {
    const sealed = await collect(encryptStream(fileKey, [Buffer.alloc(2 * CHUNK_BYTES)]));
    const message = async (bytes: Uint8Array): Promise<string | undefined> =>
      (await outcomeOf(decryptStream(fileKey, [bytes]))).error?.message;
    expect(await message(sealed.subarray(0, NONCE_BYTES + SEALED_CHUNK_BYTES))).toBe(
      'the payload is cut off',
    );
    expect(await message(Buffer.concat([sealed, Buffer.alloc(1)]))).toBe(
      'something was appended to the payload',
    );
    expect(await message(sealed.subarray(0, -1))).toBe('the payload is damaged or cut off in chunk 2');
    expect(await message(sealed.subarray(0, NONCE_BYTES - 1))).toBe(
      'the age file is cut off right after its header',
    );
  });
});

it.each(['\n', '\r\n'])(
  'a payload with %j behind its end says how to cut that off, and is not released',
  async (added) => {
    const sealed = await collect(encryptStream(fileKey, [Buffer.from('hello')]));
    const { error } = await outcomeOf(decryptStream(fileKey, [Buffer.concat([sealed, Buffer.from(added)])]));
    expect(error).toMatchObject({
      code: 'undecryptable',
      message: 'the payload has a line break behind its end',
      hints: [`cut it off: truncate -s -${added.length} FILE`],
    });
    const damaged = Buffer.concat([
      sealed.subarray(0, -1),
      Buffer.from([(sealed.at(-1) ?? 0) ^ 1]),
      Buffer.from(added),
    ]);
    expect((await outcomeOf(decryptStream(fileKey, [damaged]))).error?.message).toContain(
      'is damaged or cut off in chunk 1',
    );
  },
);

it('a line break behind a payload that itself ends like one is told from it', async () => {
  let sealed: Buffer = Buffer.alloc(0);
  while (sealed.at(-1) !== 0x0d) sealed = await collect(encryptStream(fileKey, [Buffer.from('hello')]));
  for (const added of ['\n', '\r\n']) {
    const { error } = await outcomeOf(decryptStream(fileKey, [Buffer.concat([sealed, Buffer.from(added)])]));
    expect(error?.hints).toEqual([`cut it off: truncate -s -${added.length} FILE`]);
  }
});

describe('chunks', () => {
  const nonce = createNonce();
  const key = derivePayloadKey(fileKey, nonce);

  it('sealed out of order at their offsets, in shared memory, are a payload', async () => {
    const plaintext = randomBytes(4 * CHUNK_BYTES + 77);
    const shared = new Uint8Array(new SharedArrayBuffer(payloadSize(plaintext.length)));
    shared.set(nonce);
    for (const counter of [3, 0, 4, 2, 1]) {
      const chunk = plaintext.subarray(counter * CHUNK_BYTES, (counter + 1) * CHUNK_BYTES);
      sealChunk(
        key,
        counter,
        counter === 4,
        chunk,
        shared.subarray(NONCE_BYTES + counter * SEALED_CHUNK_BYTES),
      );
    }
    expect((await collect(decryptStream(fileKey, [shared]))).equals(plaintext)).toBe(true);
    const opened = new Uint8Array(new SharedArrayBuffer(plaintext.length));
    for (const counter of [4, 1, 3, 0, 2]) {
      const start = NONCE_BYTES + counter * SEALED_CHUNK_BYTES;
      const sealed = shared.subarray(start, start + SEALED_CHUNK_BYTES);
      requireChunk(key, counter, counter === 4, sealed, opened.subarray(counter * CHUNK_BYTES));
    }
    expect(plaintext.equals(opened)).toBe(true);
  });

  it('that are not authentic leave the buffer as it was', () => {
    const sealed = sealChunk(key, 1, false, Buffer.from('secret'));
    const into = Buffer.alloc(10, 0xaa);
    for (const [counter, last] of [
      [0, false],
      [1, true],
      [2 ** 40 + 1, false],
    ] as const) {
      expect(openChunk(key, counter, last, sealed, into)).toBeUndefined();
    }
    expect(openChunk(key, 1, false, sealed.subarray(0, TAG_BYTES - 1), into)).toBeUndefined();
    expect(into).toEqual(Buffer.alloc(10, 0xaa));
    expect(Buffer.from(openChunk(key, 1, false, sealed, into) ?? []).toString()).toBe('secret');
  });

  it('keep their place beyond 2^32', () => {
    const sealed = sealChunk(key, 2 ** 33 + 5, true, Buffer.from('far'));
    expect(openChunk(key, 5, true, sealed)).toBeUndefined();
    expect(openChunk(key, 2 ** 33 + 5, true, sealed)).toEqual(Buffer.from('far'));
  });

  it('must not be empty after the first', () => {
    const empty = (counter: number): Uint8Array => sealChunk(key, counter, true, Buffer.alloc(0));
    expect(requireChunk(key, 0, true, empty(0)).length).toBe(0);
    expect(() => requireChunk(key, 1, true, empty(1))).toThrow('the payload ends with an empty chunk');
  });
});

describe('sizes', () => {
  it('of plaintext and payload determine each other', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (size) => {
        expect(plaintextSize(payloadSize(size))).toBe(size);
      }),
    );
  });

  it('that no payload has are known', () => {
    const possible = new Set(Array.from({ length: CHUNK_BYTES + 100 }, (_, size) => payloadSize(size)));
    for (let size = 0; size < SEALED_CHUNK_BYTES + 100; size++) {
      expect(plaintextSize(size) !== undefined).toBe(possible.has(size));
    }
  });
});

describe('a stream', () => {
  it('is cut into segments of one size, the last one held back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 5, maxLength: 5 }))),
        fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(5)),
        fc.boolean(),
        (parts, size, lasting) => {
          const whole = Buffer.concat(parts);
          const segmenter = new Segmenter(size, lasting);
          const cut: Buffer[] = [];
          // Each piece is gone when the next one was pushed, or already when it was pushed itself.
          const gone: Uint8Array[] = [];
          for (const part of parts) {
            const piece = Uint8Array.from(part);
            segmenter.push(piece);
            for (let next = segmenter.next(); next; next = segmenter.next()) cut.push(Buffer.from(next));
            gone.push(piece);
            if (piece.length > 0) while (gone.length > (lasting ? 1 : 0)) gone.shift()?.fill(0);
          }
          expect(cut.every((segment) => segment.length === size)).toBe(true);
          expect(cut.length).toBe(Math.max(1, Math.ceil(whole.length / size)) - 1);
          expect(Buffer.concat([...cut, segmenter.end()]).equals(whole)).toBe(true);
        },
      ),
    );
  });

  it('is sealed and opened in the memory of who writes it, where that has room', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 4 * CHUNK_BYTES }),
        fc.boolean(),
        async (length, lasting) => {
          const plain = randomBytes(length);
          const memory = Buffer.alloc(SEALED_CHUNK_BYTES + 16);
          let asked = 0;
          // Every other time there is none.
          const space = (bytes: number) => {
            expect(bytes).toBeLessThanOrEqual(memory.length);
            return asked++ % 2 === 0 ? memory : undefined;
          };
          const sealer = new PayloadSealer(fileKey, { space, lasting });
          const payload: Buffer[] = [];
          for (let place = 0; place < length; place += CHUNK_BYTES) {
            for (const part of sealer.push(plain.subarray(place, place + CHUNK_BYTES)))
              payload.push(Buffer.from(part));
          }
          payload.push(Buffer.from(sealer.end()));
          expect(asked).toBeGreaterThan(0);
          const opener = new PayloadOpener(fileKey, { space });
          const opened: Buffer[] = [];
          for (const part of opener.push(Buffer.concat(payload))) opened.push(Buffer.from(part));
          for (const part of opener.end()) opened.push(Buffer.from(part));
          expect(Buffer.concat(opened).equals(plain)).toBe(true);
          expect(await collect(decryptStream(fileKey, payload))).toEqual(plain);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is read from the front, and closed early', async () => {
    let closed = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(Buffer.from('abc'));
      } finally {
        closed++;
      }
    };
    const reader = new ByteReader(source());
    expect((await reader.read(7)).toString()).toBe('abcabca');
    expect(Buffer.from((await reader.next()) ?? []).toString()).toBe('bc');
    await reader.close();
    expect(closed).toBe(1);
    const stream = decryptStream(fileKey, source());
    await expect(collect(stream)).rejects.toThrow('damaged');
    expect(closed).toBe(2);
  });

  it('that has ended gives what there was', async () => {
    const reader = new ByteReader([Buffer.alloc(0), Buffer.from('ab'), Buffer.alloc(0)]);
    expect((await reader.read(5)).toString()).toBe('ab');
    expect(await reader.next()).toBeUndefined();
    await reader.close();
  });
});
