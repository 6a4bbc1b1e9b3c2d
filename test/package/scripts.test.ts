import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseScript } from '../cli/script.js';
import { runCase } from '../cli/script-runner.js';
import { type Installation, packAndInstall } from './install.js';

const SCRIPTS = join(import.meta.dirname, '..', 'cli', 'scripts');

describe('the packed executable', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = packAndInstall();
  });
  afterAll(() => {
    installation.remove();
  });

  const scripts = readdirSync(SCRIPTS).map((name) => parseScript(readFileSync(join(SCRIPTS, name), 'utf8')));
  const packed = scripts.flatMap((script) =>
    script.cases
      .filter((one) => one.tags.includes('packed'))
      .map((one) => ({ script, one, title: one.title })),
  );

  it.each(packed)('$title', async ({ script, one }) => {
    const executable = installation.commands[0];
    expect(executable).toBeDefined();
    await runCase(script, one, inject('fixtures'), executable === undefined ? {} : { executable });
  });
});
