/** What an installed package must be able to do, on whichever Node runs it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Installation } from './install.js';

const OAEP = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];

/**
 * Encrypts with the installed executable and decrypts with openssl, walks through the four commands against the
 * packaged emulator, and imports the library.
 *
 * @param node - command that runs Node, with its first arguments
 */
export function smoke(installation: Installation, node: readonly string[]): void {
  const { folder } = installation;
  const [command = '', ...first] = node;
  const run = (args: readonly string[], input?: Buffer): Buffer =>
    execFileSync(command, [...first, ...args], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input && { input }),
    });
  const bin = join(installation.package, 'dist', 'kms-asym.cjs');
  const { version } = JSON.parse(readFileSync(join(installation.package, 'package.json'), 'utf8')) as {
    version: string;
  };

  expect(run([bin, '--version']).toString()).toBe(`${version}\n`);
  expect(run([bin, '--help']).toString()).toMatch(
    /create-key[^]*get-public-key[^]*encrypt[^]*decrypt[^]*emulator/,
  );

  const plaintext = Buffer.from([0, 255, 10, 13, 0]);
  const openssl = (...args: string[]): Buffer =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'key.pem');
  openssl('pkey', '-in', 'key.pem', '-pubout', '-out', 'public.pem');
  writeFileSync(
    join(folder, 'encrypted.bin'),
    run([bin, 'encrypt', '--public-key', 'public.pem'], plaintext),
  );
  const options = OAEP.flatMap((option) => ['-pkeyopt', option]);
  expect(openssl('pkeyutl', '-decrypt', '-inkey', 'key.pem', '-in', 'encrypted.bin', ...options)).toEqual(
    plaintext,
  );

  const names = ['--region', 'cn-hangzhou', '--key-id', 'key', '--key-version-id', 'version'];
  const recipient = run([bin, 'recipient', '--public-key', 'public.pem', ...names]).toString();
  const order = [`add-recipient ${recipient}`, `wrap-file-key\n${'A'.repeat(22)}`, 'done\n', 'ok\n'];
  const plugin = join(installation.package, 'dist', 'age-plugin-alikms.cjs');
  const client = Buffer.from(order.map((each) => `-> ${each}\n`).join(''));
  expect(run([plugin, '--age-plugin=recipient-v1'], client).toString()).toMatch(
    /^-> recipient-stanza 0 alikms [^]*\n-> done\n\n$/,
  );

  writeFileSync(join(folder, 'walkthrough.mjs'), WALKTHROUGH);
  expect(run(['walkthrough.mjs', bin]).toString()).toBe('hello\n');
}

/** Runs in the installation folder: the library's emulator, and the executable as its client. */
const WALKTHROUGH = `
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startEmulator, VERSION } from 'kms-asym';

const emulator = await startEmulator();
const env = {
  ...process.env,
  ALIBABA_CLOUD_ACCESS_KEY_ID: emulator.accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: emulator.accessKeySecret,
};
const run = async (...args) => {
  const options = ['--endpoint', emulator.endpoint];
  const { stdout } = await promisify(execFile)(process.execPath, [process.argv[2], ...args, ...options], { env });
  return stdout.trim();
};
try {
  const { stdout } = await promisify(execFile)(process.execPath, [process.argv[2], '--version']);
  if (stdout !== VERSION + '\\n') throw new Error('versions differ');
  const keyId = await run('create-key', '-q');
  await run('get-public-key', '--key-id', keyId, '-o', 'emulated.pem', '--force');
  const { readFileSync, writeFileSync } = await import('node:fs');
  writeFileSync('hello.txt', 'hello');
  await run('encrypt', '--public-key', 'emulated.pem', 'hello.txt', '-o', 'hello.enc', '--force');
  console.log(await run('decrypt', '--public-key', 'emulated.pem', 'hello.enc'));
  // Large enough for the second thread.
  writeFileSync('large', Buffer.alloc(100_000_000, 'large'));
  await run('encrypt', '--public-key', 'emulated.pem', 'large', '-o', 'large.age', '--force');
  await run('decrypt', '--public-key', 'emulated.pem', 'large.age', '-o', 'large.again', '--force');
  if (!readFileSync('large').equals(readFileSync('large.again'))) throw new Error('large files differ');
} finally {
  await emulator.close();
}
`;
