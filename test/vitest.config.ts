/**
 * The test projects. `npm test` runs `unit` alone; the others are asked for by name and never show up as skipped:
 * `portable` is what runs on any system, `soak` is what takes long, `cloud` needs an account of the real service.
 */
import path from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

// Only the real service may be reached with the developer's own settings.
const isCloud = process.argv.includes('cloud');
// What a developer's machine is set up for must not reach the tests, nor the programs they start.
for (const name of Object.keys(process.env)) {
  const isOurs = /^(ALIBABA_CLOUD|ALIBABACLOUD|ALICLOUD|KMS_ASYM)_/.test(name) && !isCloud;
  const isProxy = /^(https?|all|no)_proxy$/i.test(name) && !isCloud;
  const isTerminal = /^(NO_COLOR|FORCE_COLOR|CLICOLOR)$/.test(name);
  if (isOurs || isProxy || isTerminal || name === 'NODE_EXTRA_CA_CERTS')
    Reflect.deleteProperty(process.env, name);
}

const tests = (name: string, include: string, exclude: string[] = [], testTimeout = 20_000) => ({
  extends: true as const,
  test: {
    name,
    include: [include],
    exclude: [...configDefaults.exclude, ...exclude],
    testTimeout,
    // Where the command line's own tests keep their keys: in a real token, wherever one can be had.
    provide: { hsm: name === 'portable' ? 'software' : 'softhsm' },
  },
});

/** Tests that need SoftHSM, NSS or other parts that `.ci/setup` installs on Debian. */
const DEBIAN_ONLY = ['test/**/*.debian.test.ts'];

export default defineConfig({
  root: path.dirname(import.meta.dirname),
  test: {
    pool: 'forks',
    allowOnly: false,
    hookTimeout: 60_000,
    globalSetup: path.join(import.meta.dirname, 'fixtures.ts'),
    reporters: ['default', path.join(import.meta.dirname, 'summary-reporter.ts')],
    projects: [
      tests('unit', 'test/**/*.test.ts'),
      tests('portable', 'test/**/*.test.ts', DEBIAN_ONLY),
      tests('soak', 'test/**/*.soak.ts', [], 600_000),
      tests('cloud', 'test/cloud/*.cloud.ts', [], 600_000),
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
