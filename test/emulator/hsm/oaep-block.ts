/** Makes well-formed and malformed OAEP blocks the long way (RFC 8017, section 7.1.1), apart from the code under test. */
import { constants, createHash, type KeyObject, publicEncrypt } from 'node:crypto';

/** What to put into a block; every default is right for an empty label. */
export interface OaepBlock {
  readonly hash: 'sha256' | 'sha1';
  readonly mgfHash?: 'sha256' | 'sha1';
  readonly message?: Uint8Array;
  readonly label?: Uint8Array;
  readonly labelHash?: Uint8Array;
  readonly firstByte?: number;
  readonly seed?: Uint8Array;
  /** Bytes between the label hash and the message; default: zeros and a 0x01. */
  readonly padding?: (bytes: number) => Uint8Array;
}

/** The encoded message of `modulusBytes` bytes. */
export function encodeOaep(modulusBytes: number, block: OaepBlock): Buffer {
  const { hash, mgfHash = hash, message = Buffer.from('message'), label = Buffer.alloc(0) } = block;
  const labelHash = block.labelHash ?? createHash(hash).update(label).digest();
  const blockBytes = modulusBytes - labelHash.length - 1;
  const padding = (block.padding ?? zerosAndOne)(blockBytes - labelHash.length - message.length);
  const data = Buffer.concat([labelHash, padding, message]);
  const seed = block.seed ?? Buffer.alloc(labelHash.length, 0x5a);
  const maskedData = xor(data, mask(mgfHash, seed, data.length));
  const maskedSeed = xor(seed, mask(mgfHash, maskedData, seed.length));
  return Buffer.concat([Buffer.of(block.firstByte ?? 0), maskedSeed, maskedData]);
}

/** The bare RSA operation with a public key. */
export function rawEncrypt(key: KeyObject, encoded: Uint8Array): Buffer {
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

/** Big-endian modulus. */
export function modulusOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url');
}

/** `block` as an integer plus `addend`, in as many bytes; `undefined` when it does not fit. */
export function addTo(block: Uint8Array, addend: bigint): Buffer | undefined {
  const hex = (BigInt(`0x${Buffer.from(block).toString('hex')}`) + addend).toString(16);
  if (hex.length > block.length * 2) return undefined;
  return Buffer.from(hex.padStart(block.length * 2, '0'), 'hex');
}

function zerosAndOne(bytes: number): Uint8Array {
  const padding = Buffer.alloc(bytes);
  padding[bytes - 1] = 1;
  return padding;
}

function mask(hash: string, seed: Uint8Array, bytes: number): Buffer {
  let out = Buffer.alloc(0);
  for (let counter = 0; out.length < bytes; counter += 1) {
    const c = Buffer.alloc(4);
    c.writeUInt32BE(counter);
    out = Buffer.concat([out, createHash(hash).update(seed).update(c).digest()]);
  }
  return out.subarray(0, bytes);
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
}
