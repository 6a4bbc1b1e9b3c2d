/**
 * The suites by name. A new one is a file beside this and a line here.
 *
 * A suite is `(options: { runs: number }) => Promise<Row[]>`; what a row is stands in rows.mjs.
 */
import { batch } from './batch.mjs';
import { bulk } from './bulk.mjs';
import { decryptRate } from './decrypt-rate.mjs';
import { failureTiming } from './failure-timing.mjs';
import { plugin } from './plugin.mjs';
import { rewrap } from './rewrap.mjs';
import { startUp } from './start-up.mjs';

export const SUITES = {
  'start-up': startUp,
  plugin,
  'decrypt-rate': decryptRate,
  batch,
  rewrap,
  ...bulk,
  'failure-timing': failureTiming,
};
