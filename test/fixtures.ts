/**
 * Keys and certificates for all tests, made once per test run by the real openssl. Private keys are throw-away and
 * never committed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    fixtures: string;
    /** Backend for emulators of tests that do not care which one. */
    hsm: string;
  }
}

export default function setup(project: TestProject): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'kms-asym-fixtures-'));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const bits of [1024, 2048, 2560, 3072, 4096]) {
    const name = `rsa${bits}`;
    openssl('genrsa', '-traditional', '-out', `${name}.key`, String(bits));
    openssl('rsa', '-in', `${name}.key`, '-pubout', '-out', `${name}.pem`);
  }
  openssl('rsa', '-in', 'rsa2048.key', '-pubout', '-outform', 'DER', '-out', 'rsa2048.der');
  openssl('rsa', '-in', 'rsa2048.key', '-RSAPublicKey_out', '-out', 'rsa2048.pkcs1.pem');
  openssl('rsa', '-in', 'rsa2048.key', '-RSAPublicKey_out', '-outform', 'DER', '-out', 'rsa2048.pkcs1.der');
  openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'rsa2048.key', '-out', 'rsa2048.pkcs8.key');
  openssl(
    'pkcs8',
    '-topk8',
    '-nocrypt',
    '-in',
    'rsa2048.key',
    '-outform',
    'DER',
    '-out',
    'rsa2048.pkcs8.der',
  );
  for (const curve of ['prime256v1', 'secp256k1', 'secp384r1']) {
    openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', `${curve}.key`);
    openssl('ec', '-in', `${curve}.key`, '-pubout', '-out', `${curve}.pem`);
  }
  openssl('genpkey', '-algorithm', 'ed25519', '-out', 'ed25519.key');
  openssl('pkey', '-in', 'ed25519.key', '-pubout', '-out', 'ed25519.pem');
  openssl('req', '-new', '-key', 'rsa2048.key', '-subj', '/CN=test', '-out', 'request.pem');
  openssl(
    'req',
    '-x509',
    '-key',
    'rsa2048.key',
    '-subj',
    '/CN=test',
    '-days',
    '2',
    '-out',
    'certificate.pem',
  );
  openssl('x509', '-in', 'certificate.pem', '-outform', 'DER', '-out', 'certificate.der');
  project.provide('fixtures', dir);
  return () => {
    rmSync(dir, { recursive: true, force: true });
  };
}

/** Path of a fixture; `dir` is `inject('fixtures')`. */
export function fixture(dir: string, name: string): Buffer {
  return readFileSync(join(dir, name));
}
