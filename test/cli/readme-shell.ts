/** The blocks of the README, and a shell that runs them as they stand there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';

const ROOT = join(import.meta.dirname, '..', '..');
const DIST = join(ROOT, 'dist');

export const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** What stands in fences of a language, in order. */
export function blocksIn(text: string, language: string): string[] {
  const fences = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fences)].map(([, lines]) => lines ?? '');
}

/** Runs lines in `dir` against an emulator; `PATH` may have more. */
export function shellIn(dir: string, emulator: Emulator, path = process.env['PATH']) {
  return async (lines: string, more: NodeJS.ProcessEnv = {}) => {
    const script = `set -e -o pipefail\nkms-asym() { "${process.execPath}" "${DIST}/kms-asym.cjs" "$@"; }\n${lines}`;
    const env = { ...emulatorEnvironment(emulator, { PATH: path, HOME: dir }), ...more };
    try {
      const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: dir, env });
      return { status: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, stdout, stderr };
    }
  };
}
