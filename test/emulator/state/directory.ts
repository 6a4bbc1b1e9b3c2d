/** A directory that goes with the test, and emulators on it that are closed with the test. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Emulator, EmulatorOptions } from '../../../src/emulator/options.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { type Params, send, signV3 } from '../signer.js';

/** A path in a fresh directory; there is nothing at it yet. */
export function freshPath(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'kms-asym-state-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return path.join(directory, 'state');
}

export interface Started extends Emulator {
  readonly notices: string[];
  call(action: string, query?: Params): Promise<Record<string, unknown>>;
}

export async function start(options: EmulatorOptions): Promise<Started> {
  const notices: string[] = [];
  const emulator = await startEmulator({
    hsm: 'software',
    onNotice: (line) => notices.push(line),
    ...options,
  });
  onTestFinished(() => emulator.close());
  const timeMs = () => (options.clock ?? Date.now)();
  return {
    ...emulator,
    notices,
    call: async (action, query = {}) =>
      (await send(emulator.endpoint, signV3(emulator, action, { query, timeMs: timeMs() }))).json,
  };
}

/** Every file below a directory, by its relative name. */
export function filesBelow(directory: string): Map<string, { content: Buffer; mode: string }> {
  const files = new Map<string, { content: Buffer; mode: string }>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const mode = (statSync(file).mode & 0o777).toString(8);
    files.set(path.relative(directory, file), { content: readFileSync(file), mode });
  }
  return files;
}
