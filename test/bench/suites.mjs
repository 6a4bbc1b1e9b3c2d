/**
 * The suites by name. A new one is a file beside this and a line here.
 *
 * A suite is `(options: { runs: number }) => Promise<Row[]>`, and a row
 * `{ name, value, unit, ratio?, ratios?, yardstick?, limit?, least?, most?, note? }`: `ratio` is over the yardstick, `limit`
 * the most and `least` the least it may be, `most` the most that `value` may be.
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

/** Whether a row breaks what it must keep. */
export function isMissed({ value, ratio = 1, limit = Infinity, least = 0, most = Infinity }) {
  return !(ratio <= limit && ratio >= least && value <= most);
}
