import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it.each(['softhsm', 'software'])(
  'the demo of the README prints the whole walkthrough with keys in %s',
  (hsm) => {
    const output = execFileSync('bash', [join(import.meta.dirname, 'demo.sh'), '--hsm', hsm], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const commands = [...output.matchAll(/^\$ kms-asym (\S+)/gm)].map(([, command]) => command);
    expect(commands).toEqual(['create-key', 'get-public-key', 'encrypt', 'decrypt']);
    expect(output.match(/^this is plaintext$/gm)).toHaveLength(2);
  },
);
