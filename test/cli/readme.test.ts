import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BROKEN_PIPE_STATUS, EXIT_MEANINGS, EXIT_STATUS } from '../../src/cli/exit-codes.js';

const ROOT = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

it('the README and the code agree on what exit statuses mean', () => {
  const section = readme.slice(readme.indexOf('## Exit status'), readme.indexOf('## The emulator'));
  const rows = [...section.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, status, meaning]) => [
    status,
    meaning,
  ]);
  expect(Object.fromEntries(rows)).toEqual(EXIT_MEANINGS);
  expect(section).toContain(`${BROKEN_PIPE_STATUS}: the reader of a pipe went away`);
});

it('every error code has an exit status of the table', () => {
  for (const status of Object.values(EXIT_STATUS))
    expect(Object.keys(EXIT_MEANINGS)).toContain(String(status));
});

it('the test command of the README is the one that continuous integration runs', () => {
  const command = 'npm ci && npm test';
  expect(readme).toContain(`\`\`\`sh\n${command}\n\`\`\``);
  expect(readFileSync(join(ROOT, '.ci', 'run'), 'utf8')).toContain(`\n${command}\n`);
});
