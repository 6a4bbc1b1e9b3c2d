/**
 * How many AsymmetricDecrypt calls a second the emulator answers, over what openssl does on all cores without HTTP,
 * signatures or a token in between. The load comes from this process, signed beforehand; its own CPU time is shown,
 * because it is taken from the same cores.
 */
import { execFileSync } from 'node:child_process';
import { constants, publicEncrypt } from 'node:crypto';
import os from 'node:os';
import { Connection } from './connection.mjs';
import { startEmulator } from './emulator-process.mjs';
import { rowOf, takeBatches } from './measure.mjs';
import { SignedClient } from './signed-client.mjs';

const CONNECTIONS = 16;
const REQUESTS = 6000;
/** Least share of openssl's rate, and most milliseconds for all but one request in a hundred. */
const LIMITS = { software: 0.4, softhsm: 0.22 };
const P99_MS = 50;

/** Runs the suite. */
export async function decryptRate() {
  const batches = await takeBatches(takeBatch);
  const name = `openssl speed -multi ${os.availableParallelism()} rsa2048`;
  const ofHsm = (hsm) => rows(hsm, batches, name);
  return [rowOf(batches, 'openssl', { name, unit: '/s' }), ...Object.keys(LIMITS).flatMap(ofHsm)];
}

async function takeBatch() {
  const figures = { openssl: opensslRate() };
  for (const hsm of Object.keys(LIMITS)) {
    for (const [figure, value] of Object.entries(await emulatorBatch(hsm)))
      figures[`${hsm} ${figure}`] = value;
  }
  return figures;
}

function rows(hsm, batches, yardstick) {
  const { value: cpu } = rowOf(batches, `${hsm} cpuPercent`);
  return [
    rowOf(batches, `${hsm} rate`, {
      name: `AsymmetricDecrypt over HTTP, ${hsm}`,
      unit: '/s',
      over: 'openssl',
      yardstick,
      least: LIMITS[hsm],
      note: `load generator: ${cpu.toFixed(0)} % of a core`,
    }),
    rowOf(batches, `${hsm} p99`, { name: `  p99 of ${hsm}`, most: P99_MS }),
  ];
}

function opensslRate() {
  const cores = String(os.availableParallelism());
  const args = ['speed', '-multi', cores, '-seconds', '3', 'rsa2048'];
  const output = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(/^rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)/m.exec(output)[1]);
}

async function emulatorBatch(hsm) {
  const emulator = await startEmulator(hsm);
  try {
    const client = new SignedClient(emulator);
    const { publicKey, ...key } = await client.createKey();
    const oaep = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const CiphertextBlob = publicEncrypt(oaep, Buffer.from('sixteen byte key')).toString('base64');
    const query = { ...key, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob };
    const requests = Array.from({ length: REQUESTS }, () => client.bytes('AsymmetricDecrypt', query));
    const { body } = await client.call('AsymmetricDecrypt', query);
    if (Buffer.from(body.Plaintext, 'base64').toString() !== 'sixteen byte key')
      throw new Error('wrong plaintext');
    return await load(client.host, requests);
  } finally {
    emulator.stop();
  }
}

/** Sends every request once, as fast as the answers come. */
async function load(host, requests) {
  const latencies = [];
  const queue = requests.values();
  const startCpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => worker(host, queue, latencies)));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(startCpu);
  latencies.sort((a, b) => a - b);
  return {
    rate: (requests.length / elapsedMs) * 1000,
    cpuPercent: (user + system) / 10 / elapsedMs,
    p99: latencies[Math.floor(latencies.length * 0.99)],
  };
}

/** One keep-alive connection with one request under way. */
async function worker(host, queue, latencies) {
  const connection = await Connection.open(host);
  for (const request of queue) {
    const start = performance.now();
    const status = await connection.send(request);
    if (status !== 200) throw new Error(`refused with ${status}`);
    latencies.push(performance.now() - start);
  }
  connection.close();
}
