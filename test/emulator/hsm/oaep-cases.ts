/** Ciphertexts at the edges of OAEP, as tables. */
import { constants, createHash, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import { addTo, modulusOf, type OaepBlock, rawEncrypt } from './oaep-block.js';

/** A hash, by its OpenSSL name, and its length. */
export type Mechanism = Pick<OaepBlock, 'hash'> & { readonly hashBytes: number };

/** Blocks that decode, at the edges of what is allowed. */
export function validBlocks(
  { hash, hashBytes }: Mechanism,
  maxBytes: number,
): { title: string; block: OaepBlock }[] {
  const block = (title: string, rest: Partial<OaepBlock>) => ({ title, block: { hash, ...rest } });
  return [
    block('a message of the greatest length', { message: Buffer.alloc(maxBytes, 0xff) }),
    block('a message of zeros', { message: Buffer.alloc(20) }),
    block('a message of zeros of the greatest length', { message: Buffer.alloc(maxBytes) }),
    block('a message that starts with the separator', { message: Buffer.of(1, 1, 0, 1) }),
    block('an empty message', { message: Buffer.alloc(0) }),
    block('a seed of zeros', { seed: Buffer.alloc(hashBytes) }),
    block('a seed of ones', { seed: Buffer.alloc(hashBytes, 0xff) }),
  ];
}

/** Blocks that do not decode: the classes of Wycheproof's RSA-OAEP files. */
export function malformedBlocks({ hash, hashBytes }: Mechanism): { title: string; block: OaepBlock }[] {
  const block = (title: string, rest: Partial<OaepBlock>) => ({ title, block: { hash, ...rest } });
  const labelHash = (index: number, flip: number): Buffer => {
    const digest = createHash(hash).digest();
    digest[index] = (digest[index] ?? 0) ^ flip;
    return digest;
  };
  const padding = (edit: (bytes: Buffer) => void) => (length: number) => {
    const bytes = Buffer.alloc(length);
    bytes[length - 1] = 1;
    edit(bytes);
    return bytes;
  };
  return [
    block('a wrong first bit of the label hash', { labelHash: labelHash(0, 0x80) }),
    block('a wrong last bit of the label hash', { labelHash: labelHash(hashBytes - 1, 0x01) }),
    block('a label hash of zeros', { labelHash: Buffer.alloc(hashBytes) }),
    block('a label hash of ones', { labelHash: Buffer.alloc(hashBytes, 0xff) }),
    block('a label', { label: Buffer.from('label') }),
    block('a label of one zero', { label: Buffer.alloc(1) }),
    block('a first byte of 1', { firstByte: 1 }),
    block('a first byte of 2', { firstByte: 2 }),
    block('a first byte of 0x7f', { firstByte: 0x7f }),
    block('a wrong first byte and a wrong label hash', { firstByte: 1, labelHash: labelHash(3, 0xff) }),
    block('no separator and no message', {
      message: Buffer.alloc(0),
      padding: padding((bytes) => bytes.fill(0)),
    }),
    block('no separator before a message of zeros', {
      message: Buffer.alloc(10),
      padding: padding((bytes) => bytes.fill(0)),
    }),
    block('2 for a separator', { padding: padding((bytes) => (bytes[bytes.length - 1] = 2)) }),
    block('0x81 for a separator', { padding: padding((bytes) => (bytes[bytes.length - 1] = 0x81)) }),
    block('0xff for a separator', { padding: padding((bytes) => (bytes[bytes.length - 1] = 0xff)) }),
    block('padding that does not start with zero', { padding: padding((bytes) => (bytes[0] = 0xff)) }),
    block('padding that is not zero just before the separator', {
      padding: padding((bytes) => (bytes[bytes.length - 2] = 0x80)),
    }),
    block('MGF1 over the other hash', { mgfHash: hash === 'sha256' ? 'sha1' : 'sha256' }),
    block('the other hash', { hash: hash === 'sha256' ? 'sha1' : 'sha256' }),
    block('the other hash for the label alone', {
      hash: hash === 'sha256' ? 'sha1' : 'sha256',
      mgfHash: hash,
    }),
  ];
}

/** Ciphertexts that cannot come from an OAEP block. */
export const MALFORMED_CIPHERTEXTS: {
  title: string;
  make: (key: KeyObject, hash: string) => Uint8Array[];
}[] = [
  {
    title: 'every wrong length',
    make: (key, hash) => {
      const good = publicEncrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash },
        Buffer.of(1),
      );
      return [
        Buffer.alloc(0),
        Buffer.of(0),
        good.subarray(1),
        good.subarray(0, -1),
        Buffer.concat([good, Buffer.of(0)]),
        Buffer.concat([Buffer.of(0), good]),
        Buffer.concat([good, good]),
        Buffer.alloc(6144),
      ];
    },
  },
  {
    title: 'zero, one and two',
    make: (key) => [0, 1, 2].map((value) => lastByte(modulusOf(key).length, value)),
  },
  {
    title: 'the modulus less one and less two',
    make: (key) => [addTo(modulusOf(key), -1n), addTo(modulusOf(key), -2n)].map(defined),
  },
  {
    title: 'the modulus and more',
    make: (key) => [
      modulusOf(key),
      defined(addTo(modulusOf(key), 1n)),
      Buffer.alloc(modulusOf(key).length, 0xff),
    ],
  },
  {
    title: 'PKCS#1 v1.5 padding',
    make: (key) => [publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.from('x'))],
  },
  {
    title: 'an unpadded message',
    make: (key) => [rawEncrypt(key, lastByte(modulusOf(key).length, 0x2a))],
  },
  {
    title: 'noise',
    make: (key) =>
      Array.from({ length: 8 }, () => {
        const noise = randomBytes(modulusOf(key).length);
        noise[0] = 0x3c;
        return noise;
      }),
  },
];

function lastByte(bytes: number, value: number): Buffer {
  const block = Buffer.alloc(bytes);
  block[bytes - 1] = value;
  return block;
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not defined');
  return value;
}
