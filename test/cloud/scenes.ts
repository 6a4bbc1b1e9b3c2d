/** The walkthrough and the two ways to rotate, through the program's own command line. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Stage } from './stage.js';

const PLAINTEXT = Buffer.from('this is plaintext');

/** Create a key, fetch its public key, encrypt here, decrypt there; raw and as an age file; doctor agrees. */
export async function walkthrough(stage: Stage): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-asym-cloud-'));
  try {
    const keyId = await createKey(stage);
    const file = join(folder, 'key.pem');
    await stage.run(['get-public-key', '--key-id', keyId, '-o', file]);
    for (const format of ['oaep', 'age']) {
      const ciphertext = await stage.run(['encrypt', '--format', format, '--public-key', file], PLAINTEXT);
      expect(await stage.run(['decrypt', '--public-key', file], ciphertext)).toEqual(PLAINTEXT);
    }
    const doctor = (await stage.run(['doctor', '--public-key', file])).toString();
    for (const line of doctor.trimEnd().split('\n')) stage.say(`  ${line}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A new version where the service has any, and a new key behind an alias: what was encrypted before stays readable. */
export async function rotation(stage: Stage): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kms-asym-cloud-'));
  const alias = `alias/kms-asym-test-${randomBytes(6).toString('hex')}`;
  try {
    const [old, successor] = [await createKey(stage), await createKey(stage)];
    const created = await stage.call('CreateKeyVersion', { KeyId: old });
    const { Code = 'ok' } = created.body as { Code?: string };
    stage.say(`rotation: CreateKeyVersion of a fresh key answers ${created.status} ${Code}`);
    await stage.call('CreateAlias', { KeyId: old, AliasName: alias });
    stage.adoptAlias(alias);
    const file = join(folder, 'old.pem');
    await stage.run(['get-public-key', '--key-id', alias, '-o', file]);
    expect(readFileSync(file, 'utf8')).toContain(`KeyId: ${old}\n`);
    writeFileSync(join(folder, 'old.enc'), await stage.run(['encrypt', '--public-key', file], PLAINTEXT));
    await stage.call('UpdateAlias', { KeyId: successor, AliasName: alias });
    await stage.run(['get-public-key', '--key-id', alias, '-o', join(folder, 'new.pem')]);
    expect(readFileSync(join(folder, 'new.pem'), 'utf8')).toContain(`KeyId: ${successor}\n`);
    const opened = ['decrypt', '--public-key', file, join(folder, 'old.enc'), '-o', '-'];
    expect(await stage.run(opened)).toEqual(PLAINTEXT);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createKey(stage: Stage): Promise<string> {
  const instance = stage.instanceId === undefined ? [] : ['--instance-id', stage.instanceId];
  const argv = ['create-key', '-q', '--description', 'kms-asym test, may be deleted', ...instance];
  const keyId = (await stage.run(argv)).toString().trim();
  stage.adoptKey(keyId);
  return keyId;
}
