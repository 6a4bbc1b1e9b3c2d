import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject, it } from 'vitest';
import { parseScript } from './script.js';
import { runCase } from './script-runner.js';

const SCRIPTS = join(import.meta.dirname, 'scripts');

for (const name of readdirSync(SCRIPTS)) {
  const script = parseScript(readFileSync(join(SCRIPTS, name), 'utf8'));
  describe(name, () => {
    for (const one of script.cases) it(one.title, () => runCase(script, one, inject('fixtures')));
  });
}
