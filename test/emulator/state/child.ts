/** Starts and kills emulators in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { rolldown } from 'rolldown';
import type { EmulatorOptions } from '../../../src/emulator/options.js';
import type { Credentials } from '../signer.js';

export interface ChildEmulator extends Credentials {
  readonly endpoint: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** What it has said on stderr. */
  notices(): string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface Driver {
  start(options: EmulatorOptions): Promise<ChildEmulator>;
  /** Kills what still runs. */
  remove(): Promise<void>;
}

/** Bundles the driver into `node_modules`, where it finds the PKCS#11 binding. */
export async function buildDriver(): Promise<Driver> {
  const modules = path.join(import.meta.dirname, '..', '..', '..', 'node_modules');
  const directory = mkdtempSync(path.join(modules, '.kms-asym-driver-'));
  const file = path.join(directory, 'driver.cjs');
  const input = path.join(import.meta.dirname, 'driver.ts');
  const build = await rolldown({ input, platform: 'node', external: ['pkcs11js'] });
  await build.write({ file, format: 'cjs', codeSplitting: false });
  const running = new Set<ChildEmulator>();
  return {
    async start(options) {
      const child = await startChild(file, options);
      running.add(child);
      child.process.once('exit', () => running.delete(child));
      return child;
    },
    async remove() {
      await Promise.all([...running].map((child) => child.kill()));
      rmSync(directory, { recursive: true });
    },
  };
}

async function startChild(file: string, options: EmulatorOptions): Promise<ChildEmulator> {
  const child = spawn(process.execPath, [file, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let notices = '';
  child.stderr.on('data', (chunk: Buffer) => (notices += chunk.toString()));
  const gone = once(child, 'close');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    gone.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the emulator did not start: ${notices}`);
  const { endpoint, accessKeyId, accessKeySecret, pid } = JSON.parse(line) as ChildEmulator;
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return { endpoint, accessKeyId, accessKeySecret, pid, process: child, notices: () => notices, kill };
}
