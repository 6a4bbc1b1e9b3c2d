/** Few files may be open: a run does its work or says so, and leaves nothing half. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workspace } from '../io/workspace.js';

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');
/** From too few for Node itself to more than any run needs. */
const LIMITS = Array.from({ length: 30 }, (_, index) => 16 + index);

it(
  'a large file is opened with however few files, or the error says that there are too few',
  { timeout: 60_000 },
  () => {
    const at = workspace();
    const cwd = at('.');
    const sh = (line: string) => spawnSync('bash', ['-c', line], { cwd, encoding: 'utf8' });
    const run = `'${process.execPath}' '${EXECUTABLE}'`;
    execFileSync('bash', ['-c', 'age-keygen -o identity 2> note; head -c 35000000 /dev/urandom > plain'], {
      cwd,
    });
    expect(sh(`${run} encrypt -r "$(age-keygen -y identity)" plain -o sealed`).status).toBe(0);
    const given = readdirSync(cwd);
    let done = 0;
    for (const limit of LIMITS) {
      const { status, stderr } = sh(`ulimit -n ${limit}; ${run} decrypt -i identity sealed -o opened`);
      // Node prints its version below an error of its own.
      if (stderr.includes('Node.js v') || status === null || status > 128) continue;
      if (status === 0) {
        done += 1;
        expect(sh('cmp plain opened').status).toBe(0);
        rmSync(at('opened'));
      } else
        expect({ limit, status, stderr }).toMatchObject({
          status: 5,
          stderr: expect.stringContaining('too many open files') as string,
        });
      expect(existsSync(at('opened'))).toBe(false);
      expect(readdirSync(cwd)).toEqual(given);
    }
    expect(done).toBeGreaterThan(5);
  },
);
