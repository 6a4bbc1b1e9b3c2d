/**
 * One whole conversation with the plugin, over a Node that does nothing: an age client starts it for every recipient,
 * identity and file. The client's part is in a pipe when the plugin starts, its answers too.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KMS_ASYM } from './emulator-process.mjs';
import { medianTimes, rowOf, takeBatches } from './measure.mjs';

const YARDSTICK = 'node empty.cjs';
const PLUGIN = path.join(path.dirname(KMS_ASYM), 'age-plugin-alikms.cjs');
const LIMITS = { 'age-plugin-alikms wraps a file key': 1.4 };

export async function plugin({ runs }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'kms-asym-bench-'));
  const fifo = path.join(folder, 'client');
  execFileSync('mkfifo', [fifo]);
  // Both ends, so that neither waits for the other.
  const pipe = openSync(fifo, constants.O_RDWR);
  try {
    writeFileSync(path.join(folder, 'empty.cjs'), '');
    const { wraps, isSilent } = conversations(makeRecipient(folder));
    const speak = (text) => () => {
      writeSync(pipe, text);
      return pipe;
    };
    const start = (machine) => [process.execPath, PLUGIN, `--age-plugin=${machine}`];
    const said = execFileSync(process.execPath, start('recipient-v1').slice(1), {
      input: wraps,
      cwd: folder,
    });
    if (!/^-> labels\n\n-> recipient-stanza 0 alikms [^]*\n-> done\n\n$/.test(said))
      throw new Error(`wraps no key: ${said}`);
    const programs = [
      { name: YARDSTICK, command: [process.execPath, 'empty.cjs'] },
      { name: 'age-plugin-alikms wraps a file key', command: start('recipient-v1'), stdin: speak(wraps) },
      { name: 'age-plugin-alikms, file for others', command: start('identity-v1'), stdin: speak(isSilent) },
    ];
    const batches = await takeBatches(() => medianTimes(programs, runs, folder));
    return programs.map(({ name }) => rowOf(batches, name, { over: YARDSTICK, limit: LIMITS[name] }));
  } finally {
    closeSync(pipe);
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeRecipient(folder) {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(path.join(folder, 'key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const names = ['--region', 'cn-hangzhou', '--key-id', 'key', '--key-version-id', 'version'];
  const args = [KMS_ASYM, 'recipient', '--public-key', 'key.pem', ...names];
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).trim();
}

/** What a client says, with grease as clients put it there. */
function conversations(recipient) {
  const body = (bytes) => `${randomBytes(bytes).toString('base64').replaceAll('=', '')}\n`;
  const grease = `-> grease-1f 5 17\n${body(32)}`;
  const wrapped = `-> add-recipient ${recipient}\n\n${grease}-> wrap-file-key\n${body(16)}-> extension-labels\n\n`;
  const foreign = `-> recipient-stanza 0 X25519 ${'A'.repeat(43)}\n${body(32)}`;
  return {
    wraps: `${wrapped}-> done\n\n${'-> ok\n\n'.repeat(2)}`,
    isSilent: `-> add-identity AGE-PLUGIN-ALIKMS-12RF9TT\n\n${grease}${foreign}-> done\n\n`,
  };
}
