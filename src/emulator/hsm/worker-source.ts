/**
 * What a software-HSM worker thread runs, as plain JavaScript text: evaluated by `new Worker(text, { eval: true })`
 * it needs no file of its own, so it works the same from TypeScript sources and from either bundle. It keeps no
 * state: every job brings its key as a `KeyObject`, which threads share by reference.
 *
 * Jobs are `{ id, key, operation, hash?, input }`, answers `{ id, output? , error? }`. An undecryptable
 * ciphertext is an answer with neither `output` nor `error`, whatever OpenSSL's reason was.
 *
 * ECDSA over a ready digest is spelled out because OpenSSL reached through node:crypto always hashes its input
 * (FIPS 186-5, section 6.4.1, with a random nonce; the inversion is blinded because BigInt is not constant-time).
 */
export const WORKER_SOURCE = `'use strict';
const { parentPort } = require('node:worker_threads');
const { constants, createECDH, privateDecrypt, privateEncrypt, randomBytes } = require('node:crypto');

const CURVE_ORDERS = {
  prime256v1: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
};

const toInteger = (bytes) => BigInt('0x' + Buffer.from(bytes).toString('hex'));
const toBytes = (integer) => Buffer.from(integer.toString(16).padStart(64, '0'), 'hex');

function invert(value, modulus) {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

const operations = {
  decrypt({ key, hash, input }) {
    try {
      return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, input);
    } catch {
      return undefined;
    }
  },
  rsaPkcs1({ key, input }) {
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, input);
  },
  rsaRaw({ key, input }) {
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, input);
  },
  ecdsa({ key, input }) {
    const curve = key.asymmetricKeyDetails.namedCurve;
    const order = CURVE_ORDERS[curve];
    const secret = toInteger(Buffer.from(key.export({ format: 'jwk' }).d, 'base64url'));
    const digest = toInteger(input);
    for (;;) {
      const ephemeral = createECDH(curve);
      const r = toInteger(ephemeral.generateKeys().subarray(1, 33)) % order;
      const blind = (toInteger(randomBytes(40)) % (order - 1n)) + 1n;
      const inverse = invert((toInteger(ephemeral.getPrivateKey()) * blind) % order, order);
      const s = (((digest + r * secret) * blind) % order) * inverse % order;
      if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r), toBytes(s)]);
    }
  },
};

parentPort.on('message', (job) => {
  try {
    parentPort.postMessage({ id: job.id, output: operations[job.operation](job) });
  } catch (error) {
    parentPort.postMessage({ id: job.id, error: String(error) });
  }
});
`;
