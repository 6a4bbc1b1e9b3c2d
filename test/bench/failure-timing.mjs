/**
 * Whether the time of an answer tells why a ciphertext did not decrypt. One request at a time, the kinds of failure in
 * turns; reported, not judged: a shared machine shows differences that are not there, and hides small ones.
 */
import { constants, createHash, publicEncrypt, randomBytes } from 'node:crypto';
import { Connection } from './connection.mjs';
import { startEmulator } from './emulator-process.mjs';
import { median } from './measure.mjs';
import { SignedClient } from './signed-client.mjs';

const TRIES = 10_000;
const MODULUS_BYTES = 256;
const HASH_BYTES = 32;

/** Damage to an encoded message before the public operation (RFC 8017, section 7.1.1), by name. */
const KINDS = {
  'bad hash of the label': { damage: (block) => (block[5] ^= 1) },
  'no separator': { damage: (block) => block.fill(0, HASH_BYTES) },
  'non-zero in the padding': { damage: (block) => (block[HASH_BYTES] = 2) },
  'non-zero first byte': { first: 1 },
  'wrong seed (all garbled)': { seedMask: 0x55 },
};

/** Runs the suite; an odd kind that differs is for a person to look at. */
export async function failureTiming() {
  const rows = [];
  for (const hsm of ['software', 'softhsm']) rows.push(...(await timings(hsm)));
  return rows;
}

async function timings(hsm) {
  const emulator = await startEmulator(hsm);
  try {
    const client = new SignedClient(emulator);
    const { publicKey, ...key } = await client.createKey();
    const connection = await Connection.open(client.host);
    const names = Object.keys(KINDS);
    const times = new Map(names.map((name) => [name, []]));
    for (let turn = 0; turn < TRIES; turn++) {
      const name = names[turn % names.length];
      const CiphertextBlob = damaged(publicKey, KINDS[name]).toString('base64');
      const query = { ...key, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob };
      const request = client.bytes('AsymmetricDecrypt', query);
      const start = performance.now();
      const status = await connection.send(request);
      times.get(name).push(performance.now() - start);
      if (status !== 400) throw new Error(`${name}: answered with ${status}`);
    }
    connection.close();
    const all = median([...times.values()].flat());
    const note = `over ${TRIES} tries, all kinds`;
    const ofKinds = [...times].map(([name, values]) => {
      return { name: `  ${name}`, value: median(values), unit: 'ms', ratio: median(values) / all };
    });
    return [{ name: `undecryptable, ${hsm}`, value: all, unit: 'ms', note }, ...ofKinds];
  } finally {
    emulator.stop();
  }
}

function damaged(publicKey, { damage, first = 0, seedMask = 0 }) {
  const block = Buffer.alloc(MODULUS_BYTES - HASH_BYTES - 1);
  createHash('sha256').digest().copy(block);
  block[block.length - 17] = 1;
  randomBytes(16).copy(block, block.length - 16);
  damage?.(block);
  const seed = randomBytes(HASH_BYTES);
  const maskedBlock = xor(block, mgf1(seed, block.length));
  const maskedSeed = xor(seed, mgf1(maskedBlock, HASH_BYTES)).map((byte) => byte ^ seedMask);
  const encoded = Buffer.concat([Buffer.from([first]), maskedSeed, maskedBlock]);
  try {
    return publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, encoded);
  } catch {
    // With a first byte of 1 the number may be beyond the modulus; another seed will do.
    return damaged(publicKey, { damage, first, seedMask });
  }
}

function mgf1(seed, length) {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, counter) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    return createHash('sha256').update(seed).update(number).digest();
  });
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(a, b) {
  return a.map((byte, index) => byte ^ b[index]);
}
