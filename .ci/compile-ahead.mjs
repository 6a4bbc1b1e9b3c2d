/**
 * Makes V8's compiled forms of the bundle by running it: what the first run that needs a file compiled is in its form. What
 * others need of it they compile: reading more would cost the shortest runs, which come first, more than it spares others.
 * Only this Node will use the forms; others compile as usual.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bech32 } from '@scure/base';

/** Runs in each program: has the launcher's scripts that have no form yet write one when the program ends. */
const RECORDER = `
const vm = require('node:vm');
const suffix = '.' + process.version + '-' + process.platform + '-' + process.arch + '.v8';
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    if (options.cachedData) return;
    process.once('exit', () => require('node:fs').writeFileSync(options.filename + suffix, this.createCachedData()));
  }
};
`;
const CREDENTIALS = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'nobody', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nothing' };

/** @param {string} dist where the executables are, above their bundles */
export function compileAhead(dist) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-build-'));
  const file = (name, content) => {
    writeFileSync(path.join(folder, name), content);
    return name;
  };
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const recorder = path.join(folder, file('recorder.cjs', RECORDER));
  const key = file('key.pem', publicKey.export({ type: 'spki', format: 'pem' }));
  const env = { ...neutralEnvironment(), HOME: folder, USERPROFILE: folder, ...CREDENTIALS };
  const start = (executable, status, args, input = '') => {
    const words = ['--require', recorder, path.join(dist, `${executable}.cjs`), ...args];
    const result = spawnSync(process.execPath, words, { cwd: folder, env, input });
    if (result.status !== status)
      throw new Error(`${words.join(' ')}: exit ${result.status}\n${result.stderr}`);
    return result.stdout.toString();
  };
  const run = (status, ...args) => start('kms-asym', status, args);
  try {
    run(0, 'encrypt', '--public-key', key, file('plaintext', 'text'), '-o', 'ciphertext');
    run(0, 'encrypt', '--public-key', key, '--format', 'age', 'plaintext', '-o', 'age-file');
    const { recipient: ageRecipient, identity } = createAgeIdentity();
    run(0, 'encrypt', '-r', ageRecipient, 'plaintext', '-o', 'other-age-file');
    run(0, 'decrypt', '-i', file('identity', identity), 'other-age-file', '-o', 'opened');
    // Nobody listens on port 1; all that comes before an answer is run.
    const nowhere = ['--endpoint', 'http://127.0.0.1:1', '--retry-count', '0'];
    const names = ['--key-id', 'key', '--key-version-id', 'version'];
    run(6, 'decrypt', ...names, ...nowhere, 'ciphertext');
    const recipient = run(0, 'recipient', '--public-key', key, '--region', 'cn-hangzhou', ...names).trim();
    start('age-plugin-alikms', 0, ['--age-plugin=recipient-v1'], wrapFileKey(recipient));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A pair of keys as age writes them. */
function createAgeIdentity() {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const encode = (name, text) => bech32.encodeFromBytes(name, Buffer.from(text, 'base64url'));
  return {
    recipient: encode('age', publicKey.export({ format: 'jwk' }).x),
    identity: encode('age-secret-key-', privateKey.export({ format: 'jwk' }).d).toUpperCase(),
  };
}

/** All that an age client says to have a file key wrapped, its answers included. */
function wrapFileKey(recipient) {
  const commands = [`add-recipient ${recipient}\n`, `wrap-file-key\n${'A'.repeat(22)}`, 'extension-labels\n'];
  return [...commands, 'done\n', 'ok\n', 'ok\n'].map((command) => `-> ${command}\n`).join('');
}

/** Nothing that changes what the program does, or V8's options. */
function neutralEnvironment() {
  const changes = /^(KMS_ASYM_|ALIBABA_CLOUD_|ALICLOUD_|NODE_)|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !changes.test(name)));
}
