import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EmulatorOptions } from '../../../src/emulator/options.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { issueCertificate } from '../../../src/emulator/tls/certificate.js';
import { makeTlsIdentity } from '../../../src/emulator/tls/identity.js';
import { send, signV3 } from '../signer.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kms-asym-tls-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

async function start(options: EmulatorOptions = {}) {
  const emulator = await startEmulator({ hsm: 'software', tls: true, ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

const portOf = (endpoint: string) => Number(new URL(endpoint).port);

function keyPair() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...pair, keyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** A self-signed server certificate for these names. */
function selfSigned(dnsNames: string[], addresses: string[]) {
  const pair = keyPair();
  const issuer = { ...pair, name: 'given' };
  const [notBefore, notAfter] = [new Date(Date.now() - 1000), new Date(Date.now() + 3_600_000)];
  const certPem = issueCertificate({ ...issuer, role: { dnsNames, addresses }, notBefore, notAfter }, issuer);
  return { certPem, keyPem: pair.keyPem };
}

describe('a certificate made on the spot', () => {
  it('stands openssl’s strict checks, for the names of this machine and no others', async () => {
    const { caPem = '', certPem } = await makeTlsIdentity();
    writeFileSync(join(dir, 'ca.pem'), caPem);
    writeFileSync(join(dir, 'server.pem'), certPem);
    const verify = (...name: string[]) =>
      execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.pem', ...name, 'server.pem'],
        { cwd: dir, encoding: 'utf8', stdio: 'pipe' },
      );
    for (const address of ['127.0.0.1', '::1']) expect(verify('-verify_ip', address)).toContain('OK');
    expect(verify('-verify_hostname', 'localhost')).toContain('OK');
    expect(() => verify('-verify_hostname', 'kms.cn-hangzhou.aliyuncs.com')).toThrow();
  });

  it('comes from an authority whose key nobody has: it is fresh, and can sign nothing but servers', async () => {
    const [first, second] = [await makeTlsIdentity(), await makeTlsIdentity()];
    const [a, b] = [first, second].map(({ caPem = '' }) => new X509Certificate(caPem));
    expect(a?.publicKey.equals(b?.publicKey ?? new X509Certificate(first.certPem).publicKey)).toBe(false);
    expect(a?.ca).toBe(true);
    expect(new X509Certificate(first.certPem).ca).toBe(false);
    expect(JSON.stringify(first).match(/PRIVATE KEY-----/g)).toHaveLength(2);
    expect(new X509Certificate(first.certPem).publicKey.equals(a?.publicKey ?? keyPair().publicKey)).toBe(
      false,
    );
  });

  it('leaves no file behind by itself', async () => {
    const before = readdirSync(tmpdir());
    await makeTlsIdentity();
    const added = readdirSync(tmpdir()).filter((name) => !before.includes(name));
    const holding = added.filter((name) => name.includes('kms-asym-emulator'));
    expect(holding).toEqual([]);
  });
});

describe('an emulator with TLS', () => {
  it('is reached with its authority, by address and by name', async () => {
    const emulator = await start();
    expect(emulator.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    for (const endpoint of [emulator.endpoint, `https://localhost:${portOf(emulator.endpoint)}`]) {
      const answer = await send(endpoint, signV3(emulator, 'ListKeys'), emulator.caPem);
      expect(answer.status).toBe(200);
    }
  });

  it('is not trusted without it, nor with that of another', async () => {
    const [emulator, other] = [await start(), await start()];
    const request = signV3(emulator, 'ListKeys');
    await expect(send(emulator.endpoint, request)).rejects.toThrow(/certificate/);
    await expect(send(emulator.endpoint, request, other.caPem)).rejects.toThrow(/certificate|signature/);
  });

  it('refuses garbage in the encrypted stream as JSON', async () => {
    const { endpoint, caPem = '' } = await start();
    const socket = tls.connect({ host: '127.0.0.1', port: portOf(endpoint), ca: caPem });
    let received = '';
    socket.on('data', (data: Buffer) => (received += data.toString()));
    socket.write('hello\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(received).toMatch(
      /^HTTP\/1\.1 400 [^]*application\/json[^]*"Code":"ParseRequestParameterException"/,
    );
  });

  it('closes connections that speak no TLS, and goes on', async () => {
    const emulator = await start();
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(100),
      Buffer.from('16030100050100000103', 'hex'),
    ]) {
      const socket = connect(portOf(emulator.endpoint), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.on('close', resolve));
    }
    const answer = await send(emulator.endpoint, signV3(emulator, 'ListKeys'), emulator.caPem);
    expect(answer.status).toBe(200);
  });

  it('closes at once, in spite of handshakes that never end', async () => {
    const { endpoint, close } = await start();
    const silent = connect(portOf(endpoint), '127.0.0.1');
    silent.on('error', () => undefined).resume();
    const ended = new Promise((resolve) => silent.on('close', resolve));
    await new Promise((resolve) => silent.on('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedMs = performance.now();
    await close();
    await ended;
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  it('answers what is under way when it closes', async () => {
    const emulator = await start({ faults: { slowMs: 300 } });
    const answer = send(emulator.endpoint, signV3(emulator, 'ListKeys'), emulator.caPem);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await emulator.close();
    expect(await answer).toMatchObject({ status: 200 });
  });
});

describe('a certificate that is given', () => {
  it.each([
    ['127.0.0.1', ['localhost'], ['127.0.0.1']],
    ['localhost', ['localhost'], []],
    ['127.0.0.1', ['kms.test'], []],
  ])('puts %s into the endpoint when it is for %j and %j', async (host, dnsNames, addresses) => {
    const given = selfSigned(dnsNames, addresses);
    const emulator = await start({ tls: given });
    expect(new URL(emulator.endpoint).hostname).toBe(host);
    expect(emulator).not.toHaveProperty('caPem');
    const isReachable = dnsNames.includes('localhost');
    const sent = send(emulator.endpoint, signV3(emulator, 'ListKeys'), given.certPem);
    if (isReachable) expect(await sent).toMatchObject({ status: 200 });
    else await expect(sent).rejects.toThrow(/altnames/);
  });

  it.each([
    [
      'is no certificate',
      'the certificate of the server cannot be read',
      () => ({ ...selfSigned(['a'], []), certPem: 'x' }),
    ],
    [
      'has no key',
      'the private key of the server cannot be read',
      () => ({ ...selfSigned(['a'], []), keyPem: '' }),
    ],
    [
      'belongs to another key',
      'the certificate of the server does not belong to its private key',
      () => ({ ...selfSigned(['a'], []), keyPem: keyPair().keyPem }),
    ],
    [
      'has a key that is too short for TLS',
      'the certificate of the server cannot be used',
      () => {
        const options = [
          '-newkey',
          'rsa:512',
          '-nodes',
          '-keyout',
          'weak.key',
          '-out',
          'weak.pem',
          '-subj',
          '/CN=weak',
        ];
        execFileSync('openssl', ['req', '-x509', ...options], { cwd: dir, stdio: 'pipe' });
        const read = (name: string) => readFileSync(join(dir, name), 'utf8');
        return { certPem: read('weak.pem'), keyPem: read('weak.key') };
      },
    ],
  ])('is refused when it %s', async (_title, message, given) => {
    const refused = startEmulator({ hsm: 'software', tls: given() });
    await expect(refused).rejects.toMatchObject({ code: 'configuration', message });
  });
});
