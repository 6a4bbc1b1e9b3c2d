/**
 * How many AsymmetricDecrypt calls a second the emulator answers, over what openssl does on all cores without HTTP,
 * signatures or a token in between. The load comes from this process, signed beforehand; its own CPU time is shown,
 * because it is taken from the same cores.
 */
import { execFileSync } from 'node:child_process';
import { constants, createHash, createHmac, createPublicKey, publicEncrypt, randomUUID } from 'node:crypto';
import net from 'node:net';
import os from 'node:os';
import { startEmulator } from './emulator-process.mjs';
import { median } from './measure.mjs';

const CONNECTIONS = 16;
const REQUESTS = 6000;
const BATCHES = 3;
/** Least share of openssl's rate, and most milliseconds for all but one request in a hundred. */
const LIMITS = { software: 0.33, softhsm: 0.2 };
const P99_MS = 50;
const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** Runs the suite. */
export async function decryptRate() {
  const batches = { openssl: [], software: [], softhsm: [] };
  // In turns, so that a busy moment of the machine meets all of them alike.
  for (let batch = 0; batch < BATCHES; batch++) {
    batches.openssl.push({ rate: opensslRate() });
    for (const hsm of Object.keys(LIMITS)) batches[hsm].push(await emulatorBatch(hsm));
  }
  const openssl = median(batches.openssl.map(({ rate }) => rate));
  const yardstick = {
    name: `openssl speed -multi ${os.availableParallelism()} rsa2048`,
    value: openssl,
    unit: '/s',
  };
  return [yardstick, ...Object.keys(LIMITS).flatMap((hsm) => rows(hsm, batches[hsm], batches.openssl))];
}

function rows(hsm, batches, openssl) {
  const cpu = median(batches.map(({ cpuShare }) => cpuShare));
  return [
    {
      name: `AsymmetricDecrypt over HTTP, ${hsm}`,
      value: median(batches.map(({ rate }) => rate)),
      unit: '/s',
      ratio: median(batches.map(({ rate }, index) => rate / openssl[index].rate)),
      least: LIMITS[hsm],
      note: `load generator: ${(cpu * 100).toFixed(0)} % of a core`,
    },
    { name: `  p99 of ${hsm}`, value: median(batches.map(({ p99 }) => p99)), unit: 'ms', most: P99_MS },
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
    const client = { emulator, host: new URL(emulator.endpoint).host };
    const { KeyMetadata } = await call(client, 'CreateKey', {
      KeySpec: 'RSA_2048',
      KeyUsage: 'ENCRYPT/DECRYPT',
      ProtectionLevel: 'HSM',
    });
    const { KeyId } = KeyMetadata;
    const { KeyVersions } = await call(client, 'ListKeyVersions', { KeyId });
    const { KeyVersionId } = KeyVersions.KeyVersion[0];
    const { PublicKey } = await call(client, 'GetPublicKey', { KeyId, KeyVersionId });
    const key = {
      key: createPublicKey(PublicKey),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
    };
    const CiphertextBlob = publicEncrypt(key, Buffer.from('sixteen byte key')).toString('base64');
    const query = { KeyId, KeyVersionId, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob };
    const requests = Array.from({ length: REQUESTS }, () => signed(client, 'AsymmetricDecrypt', query));
    const answer = await call(client, 'AsymmetricDecrypt', query);
    if (Buffer.from(answer.Plaintext, 'base64').toString() !== 'sixteen byte key')
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
    cpuShare: (user + system) / 1000 / elapsedMs,
    p99: latencies[Math.floor(latencies.length * 0.99)],
  };
}

/** One keep-alive connection with one request under way. */
function worker(host, queue, latencies) {
  const { hostname, port } = new URL(`http://${host}`);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    let received = '';
    let sentAt = 0;
    const next = () => {
      const { value, done } = queue.next();
      if (done) {
        socket.end();
        resolve();
        return;
      }
      received = '';
      sentAt = performance.now();
      socket.write(value);
    };
    socket.setNoDelay(true);
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
      if (received.length < head + 4 + length) return;
      if (!received.startsWith('HTTP/1.1 200')) {
        reject(new Error(`refused: ${received.slice(0, 500)}`));
        return;
      }
      latencies.push(performance.now() - sentAt);
      next();
    });
  });
}

async function call(client, action, query) {
  const { path, headers } = sign(client, action, query);
  const response = await fetch(`${client.emulator.endpoint}${path}`, { method: 'POST', headers });
  const body = await response.json();
  if (!response.ok) throw new Error(`${action}: ${JSON.stringify(body)}`);
  return body;
}

/** A whole request as bytes. */
function signed(client, action, query) {
  const { path, headers } = sign(client, action, query);
  const lines = Object.entries({ ...headers, 'content-length': 0 }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

/** ACS3-HMAC-SHA256, from the vendor's description of it. */
function sign({ emulator, host }, action, query) {
  const names = Object.keys(query).sort();
  const queryText = names.map((name) => `${name}=${encodeURIComponent(query[name])}`).join('&');
  const headers = {
    host,
    'x-acs-action': action,
    'x-acs-content-sha256': EMPTY_SHA256,
    'x-acs-date': new Date().toISOString().replace(/\.\d+/, ''),
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-version': '2016-01-20',
  };
  const list = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', queryText, lines.join(''), list, EMPTY_SHA256].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = createHmac('sha256', emulator.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${digest}`)
    .digest('hex');
  headers.authorization = `ACS3-HMAC-SHA256 Credential=${emulator.accessKeyId},SignedHeaders=${list},Signature=${signature}`;
  return { path: `/?${queryText}`, headers };
}
