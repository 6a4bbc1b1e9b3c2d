/**
 * Makes V8's compiled forms of the bundle by running it: what a run compiled is in the form it leaves, and each run
 * starts from the form of the one before. Only this Node will use them; others compile as usual.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Runs in each program: has the launcher's scripts write their form when the program ends. */
const RECORDER = `
const vm = require('node:vm');
const suffix = '.' + process.version + '-' + process.platform + '-' + process.arch + '.v8';
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    process.once('exit', () => require('node:fs').writeFileSync(options.filename + suffix, this.createCachedData()));
  }
};
`;
const CREDENTIALS = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'nobody', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nothing' };

/** @param {string} executable the launcher, beside its bundle */
export function compileAhead(executable) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-build-'));
  const file = (name, content) => {
    writeFileSync(path.join(folder, name), content);
    return name;
  };
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const recorder = path.join(folder, file('recorder.cjs', RECORDER));
  const key = file('key.pem', publicKey.export({ type: 'spki', format: 'pem' }));
  const env = { ...neutralEnvironment(), HOME: folder, USERPROFILE: folder, ...CREDENTIALS };
  const run = (status, ...args) => {
    const result = spawnSync(process.execPath, ['--require', recorder, executable, ...args], {
      cwd: folder,
      env,
    });
    if (result.status !== status)
      throw new Error(`${args.join(' ')}: exit ${result.status}\n${result.stderr}`);
  };
  try {
    run(0, '--help');
    run(0, 'encrypt', '--public-key', key, file('plaintext', 'text'), '-o', 'ciphertext');
    // Nobody listens on port 1; all that comes before an answer is run.
    const nowhere = ['--endpoint', 'http://127.0.0.1:1', '--retry-count', '0'];
    run(6, 'decrypt', '--key-id', 'key', '--key-version-id', 'version', ...nowhere, 'ciphertext');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing that changes what the program does, or V8's options. */
function neutralEnvironment() {
  const changes = /^(KMS_ASYM_|ALIBABA_CLOUD_|ALICLOUD_|NODE_)|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !changes.test(name)));
}
