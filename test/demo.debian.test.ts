import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const DEMO = join(import.meta.dirname, 'demo.sh');

it.each(['softhsm', 'software'])(
  'the demo of the README prints the whole walkthrough with keys in %s',
  (hsm) => {
    const output = execFileSync('bash', [DEMO, '--hsm', hsm], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const commands = [...output.matchAll(/^\$ kms-asym (\S+)/gm)].map(([, command]) => command);
    expect(commands).toEqual(['create-key', 'get-public-key', 'encrypt', 'decrypt']);
    expect(output.match(/^this is plaintext$/gm)).toHaveLength(2);
  },
);

it('the demo needs no openssl', () => {
  const bin = mkdtempSync(join(tmpdir(), 'kms-asym-demo-'));
  try {
    symlinkSync(process.execPath, join(bin, 'node'));
    for (const name of ['bash', 'cat', 'chmod', 'dirname', 'mktemp', 'rm', 'sh'])
      symlinkSync(join('/bin', name), join(bin, name));
    const env = { PATH: bin };
    const output = execFileSync('/bin/bash', [DEMO, '--hsm', 'software'], {
      encoding: 'utf8',
      env,
      stdio: 'pipe',
    });
    expect(output.match(/^this is plaintext$/gm)).toHaveLength(1);
    expect(output).toMatch(/\n# With openssl installed, [^\n]+\n$/);
  } finally {
    rmSync(bin, { recursive: true });
  }
});
