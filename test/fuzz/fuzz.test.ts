/**
 * Readers of foreign bytes, each fed with damaged inputs. A failure names the seed that repeats it, and the shortest
 * input that was found. The plugin's protocol and the emulator's requests have fuzz tests of their own beside their tests.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { publicKeyOf } from '../age/identities.js';
import { ageTargets } from './age-targets.js';
import { FUZZ_TIMEOUT_MS, fuzzLimits, tellFuzzed } from './minutes.js';
import { mutants } from './mutants.js';
import { textTargets } from './text-targets.js';

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

  it('takes what is damaged for what it is, or refuses it', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const counts = { accepted: 0, refused: 0 };
    const property = fc.asyncProperty(mutants(seeds, tokens), async (input) => {
      counts[(await accepts(input)) ? 'accepted' : 'refused']++;
    });
    await fc.assert(property, fuzzLimits(400));
    tellFuzzed(`${name}: ${counts.accepted} accepted, ${counts.refused} refused`);
    expect(counts.refused).toBeGreaterThan(10);
  });
});
