/**
 * Readers of foreign bytes, each fed with damaged inputs: some hundred in `npm test`, for FUZZ_MINUTES each in
 * `npm run test:fuzz`, which then says how many it were. A failure names the seed that repeats it, and the shortest
 * input that was found.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { publicKeyOf } from '../age/identities.js';
import { ageTargets } from './age-targets.js';
import { mutants } from './mutants.js';
import { textTargets } from './text-targets.js';

const minutes = Number(process.env['FUZZ_MINUTES'] ?? 0);
const LIMITS =
  minutes > 0
    ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: minutes * 60_000 }
    : { numRuns: 400 };

const fixtures = inject('fixtures');
const key = publicKeyOf(fixtures, 'rsa2048');
const pems = ['rsa2048', 'rsa3072', 'rsa2048.pkcs1', 'prime256v1'].map((name) =>
  readFileSync(join(fixtures, `${name}.pem`), 'utf8'),
);
const targets = [...(await ageTargets(key)), ...textTargets(key, pems)];

describe.each(targets)('$name', ({ name, seeds, tokens, accepts }) => {
  it('takes what is good', async () => {
    for (const seed of seeds) expect(await accepts(seed)).toBe(true);
  });

  it(
    'takes what is damaged for what it is, or refuses it',
    { timeout: minutes * 60_000 + 60_000 },
    async () => {
      const counts = { accepted: 0, refused: 0 };
      const property = fc.asyncProperty(mutants(seeds, tokens), async (input) => {
        counts[(await accepts(input)) ? 'accepted' : 'refused']++;
      });
      await fc.assert(property, LIMITS);
      if (minutes > 0)
        process.stdout.write(`fuzzed: ${name}: ${counts.accepted} accepted, ${counts.refused} refused\n`);
      expect(counts.refused).toBeGreaterThan(10);
    },
  );
});
