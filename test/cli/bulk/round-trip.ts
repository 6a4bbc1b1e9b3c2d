/** Files that go through the executable and come back, on every way in and out, with what memory that took at most. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import { startEmulator } from '../../../src/emulator/start.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'kms-asym.cjs');

/** Lines of bash: from the file IN to the file OUT by $KMS. */
export const WAYS = {
  files: (args: string) => `$KMS ${args} IN -o OUT`,
  pipes: (args: string) => `cat IN | $KMS ${args} | cat > OUT`,
  redirects: (args: string) => `$KMS ${args} < IN > OUT`,
  FIFOs: (args: string) =>
    `mkfifo in out; cat IN > in & cat out > OUT & $KMS ${args} in -o out; status=$?; wait; rm in out; (exit $status)`,
} as const;

/** The executable says at its end how much memory it had. */
const PEAK = `process.on('exit', () => {
  const [, kib] = /^VmHWM:\\s*(\\d+)/m.exec(require('fs').readFileSync('/proc/self/status', 'latin1'));
  require('fs').appendFileSync(process.env.PEAKS, kib + '\\n');
});`;

/** Keys in an emulator, and a folder. */
export class RoundTrips {
  static async start(): Promise<RoundTrips> {
    const emulator = await startEmulator({ hsm: 'software' });
    const trips = new RoundTrips(emulatorEnvironment(emulator, {}), () => emulator.close());
    for (const spec of ['RSA_2048', 'RSA_3072', 'RSA_4096']) {
      await trips.#bash(
        `$KMS get-public-key --key-id $($KMS create-key -q --key-spec ${spec}) -o ${spec}.pem`,
      );
    }
    return trips;
  }

  readonly #dir = mkdtempSync(join(tmpdir(), 'kms-asym-round-'));

  private constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly stop: () => Promise<void>,
  ) {
    writeFileSync(join(this.#dir, 'peak.cjs'), PEAK);
  }

  /** There and back; fails when something else comes back. */
  async run(way: keyof typeof WAYS, key: string, bytes: number): Promise<void> {
    const line = (args: string, input: string, output: string): string =>
      WAYS[way](args).replaceAll('IN', input).replaceAll('OUT', output);
    writeFileSync(join(this.#dir, 'plain'), '');
    // What is beyond is a hole.
    const random = Math.min(bytes, 64 * 1024 * 1024);
    execFileSync('bash', ['-c', `head -c ${random} /dev/urandom > plain`], { cwd: this.#dir });
    truncateSync(join(this.#dir, 'plain'), bytes);
    await this.#bash(
      `set -e; ${line(`encrypt --public-key ${key}.pem`, 'plain', 'sealed')}
       ${line(`decrypt --public-key ${key}.pem`, 'sealed', 'opened')}; cmp plain opened; rm -f plain sealed opened`,
    );
  }

  /** Most memory that any run of the executable had, in megabytes. */
  get peakMegabytes(): number {
    const peaks = readFileSync(join(this.#dir, 'peaks'), 'latin1').trim().split('\n');
    return (Math.max(...peaks.map(Number)) * 1024) / 1e6;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true });
  }

  /** Not synchronous: the emulator answers from this process. */
  async #bash(line: string): Promise<void> {
    const env = {
      ...this.env,
      PATH: process.env['PATH'],
      PEAKS: join(this.#dir, 'peaks'),
      KMS: `${process.execPath} --require ./peak.cjs ${EXECUTABLE}`,
    };
    await promisify(execFile)('bash', ['--norc', '-o', 'pipefail', '-c', line], { cwd: this.#dir, env });
  }
}
