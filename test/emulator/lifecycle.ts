/** The whole life of a key, with openssl on the other side. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { CallAction } from './callers.js';

const SECRET = 'this is plaintext';

function bench(files: Readonly<Record<string, string | Buffer>>) {
  const cwd = mkdtempSync(join(tmpdir(), 'kms-asym-lifecycle-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return {
    openssl: (...args: string[]) => execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }),
    read: (name: string) => readFileSync(join(cwd, name)),
  };
}

/** The vendor walkthrough's own openssl lines. */
function encryptWithOpenssl(publicKeyPem: string): string {
  const { openssl, read } = bench({ 'plaintext-file.txt': SECRET, 'rsa_publickey.pub': publicKeyPem });
  const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];
  openssl(
    ...['pkeyutl', '-encrypt', '-in', 'plaintext-file.txt', '-inkey', 'rsa_publickey.pub', '-pubin'],
    ...options.flatMap((option) => ['-pkeyopt', option]),
    ...['-out', 'plaintext-file.enc'],
  );
  return read('plaintext-file.enc').toString('base64');
}

interface Life {
  readonly call: CallAction;
  readonly reference: { readonly KeyId: string; readonly KeyVersionId: string };
  readonly AliasName: string;
  readonly PublicKey: string;
}

let lives = 0;

/** Creates a key, names it by an alias, and fetches its public key by that. */
async function begin(call: CallAction, KeySpec: string, KeyUsage: string): Promise<Life> {
  const created = await call('CreateKey', { KeySpec, KeyUsage, ProtectionLevel: 'HSM' });
  const { KeyId } = created['KeyMetadata'] as { KeyId: string };
  lives += 1;
  const AliasName = `alias/life-${lives.toString()}`;
  await call('CreateAlias', { KeyId, AliasName });
  const listed = await call('ListKeyVersions', { KeyId: AliasName });
  const [version] = (listed['KeyVersions'] as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion;
  const KeyVersionId = version?.KeyVersionId ?? '';
  const answer = await call('GetPublicKey', { KeyId: AliasName, KeyVersionId });
  expect(answer).toMatchObject({ KeyId, KeyVersionId });
  return { call, reference: { KeyId, KeyVersionId }, AliasName, PublicKey: String(answer['PublicKey']) };
}

/** Disables, enables, condemns and saves the key of `use`, which has to fail and to succeed accordingly. */
async function end({ call, reference: { KeyId } }: Life, use: () => Promise<unknown>): Promise<void> {
  const refusal = (code: string) => ({ code: expect.stringMatching(`^${code}(Error)?$`) as string });
  await use();
  await call('DisableKey', { KeyId });
  await expect(use()).rejects.toMatchObject(refusal('Rejected.Disabled'));
  await call('EnableKey', { KeyId });
  await use();
  await call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: '7' });
  await expect(use()).rejects.toMatchObject(refusal('Rejected.PendingDeletion'));
  const stateOf = async () => (await call('DescribeKey', { KeyId }))['KeyMetadata'];
  expect(await stateOf()).toMatchObject({ KeyState: 'PendingDeletion' });
  await call('CancelKeyDeletion', { KeyId });
  expect(await stateOf()).toMatchObject({ KeyState: 'Enabled' });
  await use();
}

/** An RSA key from CreateKey to CancelKeyDeletion; it decrypts what openssl encrypted. */
export async function decryptingLife(call: CallAction): Promise<void> {
  const life = await begin(call, 'RSA_2048', 'ENCRYPT/DECRYPT');
  const Algorithm = 'RSAES_OAEP_SHA_256';
  const CiphertextBlob = encryptWithOpenssl(life.PublicKey);
  await end(life, async () => {
    const decrypted = await call('AsymmetricDecrypt', { ...life.reference, Algorithm, CiphertextBlob });
    expect(decrypted).toMatchObject(life.reference);
    expect(Buffer.from(String(decrypted['Plaintext']), 'base64').toString()).toBe(SECRET);
  });
}

/** An EC key from CreateKey to CancelKeyDeletion; openssl verifies what it signed. */
export async function signingLife(call: CallAction): Promise<void> {
  const life = await begin(call, 'EC_P256', 'SIGN/VERIFY');
  const Algorithm = 'ECDSA_SHA_256';
  const Digest = createHash('sha256').update(SECRET).digest('base64');
  const params = { KeyId: life.AliasName, KeyVersionId: life.reference.KeyVersionId, Algorithm, Digest };
  await end(life, async () => {
    const signed = await call('AsymmetricSign', params);
    expect(signed).toMatchObject(life.reference);
    const Value = String(signed['Value']);
    const signature = Buffer.from(Value, 'base64');
    const { openssl } = bench({ 'key.pem': life.PublicKey, message: SECRET, signature });
    const verify = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature'];
    expect(openssl(...verify, 'message').toString()).toBe('Verified OK\n');
    expect(await call('AsymmetricVerify', { ...params, Value })).toMatchObject({ Value: true });
    const other = createHash('sha256').update('other').digest('base64');
    expect(await call('AsymmetricVerify', { ...params, Digest: other, Value })).toMatchObject({
      Value: false,
    });
  });
}
