/**
 * ECDSA over a ready digest (FIPS 186-5, section 6.4.2). node:crypto always hashes its input, so the question is
 * asked about another key: with e the digest and f the hash of the empty message, a signature (r, s) of e by Q is a
 * signature of f by Q + ((e - f) / r) G, since both verify against the point (e G + r Q) / s. OpenSSL answers it.
 */
import { createECDH, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

interface Curve {
  /** OpenSSL name, as {@link KeyObject} tells it. */
  readonly name: string;
  /** JWK name. */
  readonly jwk: string;
  readonly order: bigint;
  readonly prime: bigint;
}

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const CURVES: readonly Curve[] = [
  {
    name: 'prime256v1',
    jwk: 'P-256',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  },
  {
    name: 'secp256k1',
    jwk: 'secp256k1',
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    prime: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
  },
];

const EMPTY = Buffer.alloc(0);
const EMPTY_HASH = toInteger(createHash('sha256').digest());

/** True when `signature`, DER `SEQUENCE { r, s }`, is one of the 32-byte `digest` by the key. */
export function verifyEcdsa(publicKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const curve = CURVES.find(({ name }) => name === publicKey.asymmetricKeyDetails?.namedCurve);
  const r = readFirstInteger(signature);
  if (curve === undefined || r === undefined || r === 0n || r >= curve.order) return false;
  const factor = modulo((toInteger(digest) - EMPTY_HASH) * invert(r, curve.order), curve.order);
  const shifted = factor === 0n ? publicKey : shiftKey(publicKey, curve, factor);
  return shifted !== undefined && verify('sha256', EMPTY, shifted, signature);
}

/** The value of r; whether the rest is canonical DER is OpenSSL's to say. */
function readFirstInteger(der: Uint8Array): bigint | undefined {
  const [sequence, , integer, length = 0] = der;
  if (sequence !== 0x30 || integer !== 0x02 || length === 0 || length > 33) return undefined;
  return toInteger(der.subarray(4, 4 + length));
}

/** `Q + factor G`, or `undefined` in the two cases that only the owner of the private key could bring about. */
function shiftKey(publicKey: KeyObject, curve: Curve, factor: bigint): KeyObject | undefined {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const key = { x: toInteger(Buffer.from(x, 'base64url')), y: toInteger(Buffer.from(y, 'base64url')) };
  const sum = add(key, multiplyBase(curve, factor), curve.prime);
  if (sum === undefined) return undefined;
  const jwk = { kty: 'EC', crv: curve.jwk, x: toText(sum.x), y: toText(sum.y) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function multiplyBase(curve: Curve, factor: bigint): Point {
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(toBytes(factor));
  const point = ecdh.getPublicKey();
  return { x: toInteger(point.subarray(1, 33)), y: toInteger(point.subarray(33)) };
}

function add(a: Point, b: Point, prime: bigint): Point | undefined {
  if (a.x === b.x) return undefined;
  const slope = (b.y - a.y) * invert(modulo(b.x - a.x, prime), prime);
  const x = modulo(slope * slope - a.x - b.x, prime);
  return { x, y: modulo(slope * (a.x - x) - a.y, prime) };
}

/** Inverse modulo a prime, by Euclid's algorithm; everything here is public, so its time may depend on the value. */
function invert(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value, prime, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return modulo(x, prime);
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

function toBytes(integer: bigint): Buffer {
  return Buffer.from(integer.toString(16).padStart(64, '0'), 'hex');
}

function toText(integer: bigint): string {
  return toBytes(integer).toString('base64url');
}
