/** What is written for people to read, the blocks in it, and a shell that runs them as they stand there. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import type { Emulator } from '../../src/emulator/options.js';

const ROOT = join(import.meta.dirname, '..', '..');
const DIST = join(ROOT, 'dist');

/** Texts of the README and of the guides beside it, by path. */
export const DOCUMENTS: ReadonlyMap<string, string> = new Map(
  ['README.md', ...readdirSync(join(ROOT, '.github')).map((name) => `.github/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
);

/** @param path - one of {@link DOCUMENTS} */
export function documentAt(path: string): string {
  const text = DOCUMENTS.get(path);
  if (text === undefined) throw new Error(`there is no ${path}`);
  return text;
}

/** What stands in fences of a language, in order. */
export function blocksIn(text: string, language: string): string[] {
  const fences = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fences)].map(([, lines]) => lines ?? '');
}

/** What stands between the heading `title` and the next one of its level or above. */
export function sectionOf(text: string, title: string): string {
  const [, section] = new RegExp(`^## ${title}\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, 'm').exec(text) ?? [];
  if (section === undefined) throw new Error(`there is no section "${title}"`);
  return section;
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
