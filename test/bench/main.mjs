/**
 * `npm run bench [-- --json] [--runs N] [SUITE…]`: runs the suites and prints their figures beside the limits they must
 * keep; exit 1 when one is missed. `bulk` is all suites that begin with `bulk-`. A new suite is a file beside this and a
 * line in SUITES.
 *
 * A suite is `(options: { runs: number }) => Promise<Row[]>`, and a row
 * `{ name, value, unit, ratio?, limit?, least?, most?, note? }`: `ratio` is over the suite's yardstick, `limit` the most
 * and `least` the least it may be, `most` the most that `value` may be.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { batch } from './batch.mjs';
import { bulk } from './bulk.mjs';
import { decryptRate } from './decrypt-rate.mjs';
import { failureTiming } from './failure-timing.mjs';
import { plugin } from './plugin.mjs';
import { rewrap } from './rewrap.mjs';
import { startUp } from './start-up.mjs';

const SUITES = {
  'start-up': startUp,
  plugin,
  'decrypt-rate': decryptRate,
  batch,
  rewrap,
  ...bulk,
  'failure-timing': failureTiming,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '25' } },
  allowPositionals: true,
});
const isMeant = (asked, name) => name === asked || name.startsWith(`${asked}-`);
const unknown = positionals.filter((asked) => !Object.keys(SUITES).some((name) => isMeant(asked, name)));
if (unknown.length > 0)
  throw new Error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);

// On some versions of Node this variable alone costs more than what is measured.
delete process.env.NODE_EXTRA_CA_CERTS;

const machine = {
  processor: os.cpus()[0]?.model.trim() ?? 'unknown',
  cores: os.availableParallelism(),
  load: os.loadavg()[0].toFixed(2),
  system: `${os.type()} ${os.release()}`,
  node: process.version,
  openssl: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(),
};
const results = {};
for (const [name, suite] of Object.entries(SUITES)) {
  if (positionals.length > 0 && !positionals.some((asked) => isMeant(asked, name))) continue;
  results[name] = await suite({ runs: Number(values.runs) });
}
console.log(values.json ? JSON.stringify({ machine, results }) : report());
process.exitCode = Object.values(results).flat().some(isMissed) ? 1 : 0;

function isMissed({ value, ratio, limit = Infinity, least = 0, most = Infinity }) {
  return !((ratio ?? 1) <= limit && (ratio ?? 1) >= least && value <= most);
}

function report() {
  const lines = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  for (const [suite, rows] of Object.entries(results)) {
    lines.push('', suite);
    for (const row of rows) lines.push(line(row));
  }
  return lines.join('\n');
}

function line(row) {
  const { name, value, unit, ratio, limit, least, most, note } = row;
  const columns = [`  ${name.padEnd(44)}`, `${value.toFixed(1)} ${unit}`.padStart(12)];
  if (ratio !== undefined) columns.push(`${ratio.toFixed(2)} x`.padStart(9));
  const verdict = isMissed(row) ? 'MISSED' : 'kept';
  if (limit !== undefined) columns.push(`  at most ${limit.toFixed(2)} x: ${verdict}`);
  if (least !== undefined) columns.push(`  at least ${least.toFixed(2)} x: ${verdict}`);
  if (most !== undefined) columns.push(`  at most ${most} ${unit}: ${verdict}`);
  if (note !== undefined) columns.push(`  ${note}`);
  return columns.join('');
}
