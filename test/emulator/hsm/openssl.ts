/** The real openssl as the other side: it encrypts to and verifies with public keys of an HSM. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HsmKey, HsmSignMechanism } from '../../../src/emulator/hsm/hsm.js';

/** Ciphertext of `message` by `openssl pkeyutl`; `hash` is for the label and MGF1. */
export function opensslEncrypt(key: HsmKey, hash: string, message: Uint8Array): Buffer {
  return withKeyFile(key, (directory) => {
    writeFileSync(join(directory, 'message'), message);
    const options = [`rsa_padding_mode:oaep`, `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
    return execFileSync(
      'openssl',
      [
        'pkeyutl',
        '-encrypt',
        ...keyArguments,
        '-in',
        'message',
        ...options.flatMap((option) => ['-pkeyopt', option]),
      ],
      { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
    );
  });
}

const VERIFY_OPTIONS: Record<HsmSignMechanism, readonly string[]> = {
  RSA_PKCS1_SHA_256: ['digest:sha256', 'rsa_padding_mode:pkcs1'],
  RSA_PSS_SHA_256: ['digest:sha256', 'rsa_padding_mode:pss', 'rsa_pss_saltlen:32', 'rsa_mgf1_md:sha256'],
  ECDSA_SHA_256: [],
};

/** What `openssl pkeyutl -verify` says about a signature of a digest. */
export function opensslVerifies(
  key: HsmKey,
  mechanism: HsmSignMechanism,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  return withKeyFile(key, (directory) => {
    writeFileSync(join(directory, 'digest'), digest);
    writeFileSync(join(directory, 'signature'), signature);
    const options = VERIFY_OPTIONS[mechanism].flatMap((option) => ['-pkeyopt', option]);
    const files = ['-in', 'digest', '-sigfile', 'signature'];
    const result = spawnSync('openssl', ['pkeyutl', '-verify', ...keyArguments, ...files, ...options], {
      cwd: directory,
      encoding: 'utf8',
    });
    return result.status === 0 && result.stdout.includes('Signature Verified Successfully');
  });
}

const keyArguments = ['-pubin', '-keyform', 'DER', '-inkey', 'key'];

function withKeyFile<T>(key: HsmKey, use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'kms-asym-openssl-'));
  try {
    writeFileSync(join(directory, 'key'), key.publicKeyDer);
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
