/**
 * `npm run bench [-- --json] [--readme] [--runs N] [SUITE…]`: runs the suites and prints their figures beside the limits they
 * must keep; exit 1 when one is missed. `bulk` is all suites that begin with `bulk-`. `--readme` puts the figures of this run
 * into the README, in place of all that were there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { thisMachine } from './machine.mjs';
import { withTable } from './readme-table.mjs';
import { boundOf, isJudged, isMissed, ratioText } from './rows.mjs';
import { SUITES } from './suites.mjs';

const README = new URL('../../README.md', import.meta.url);

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    runs: { type: 'string', default: '25' },
  },
  allowPositionals: true,
});
const isMeant = (asked, name) => name === asked || name.startsWith(`${asked}-`);
const unknown = positionals.filter((asked) => !Object.keys(SUITES).some((name) => isMeant(asked, name)));
if (unknown.length > 0)
  throw new Error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);

// On some versions of Node this variable alone costs more than what is measured.
delete process.env.NODE_EXTRA_CA_CERTS;

const machine = thisMachine();
const results = {};
for (const [name, suite] of Object.entries(SUITES)) {
  if (positionals.length > 0 && !positionals.some((asked) => isMeant(asked, name))) continue;
  results[name] = await suite({ runs: Number(values.runs) });
}
console.log(values.json ? JSON.stringify({ machine, results }) : report());
if (values.readme) await writeReadme();
process.exitCode = Object.values(results).flat().some(isMissed) ? 1 : 0;

async function writeReadme() {
  const text = withTable(readFileSync(README, 'utf8'), machine, results);
  const options = { ...(await resolveConfig(README)), parser: 'markdown' };
  writeFileSync(README, await format(text, options));
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
  const { name, value, unit, ratio, ratios, yardstick, note } = row;
  const columns = [`  ${name.padEnd(44)}`, `${value.toFixed(1)} ${unit}`.padStart(12)];
  if (ratio !== undefined) columns.push(`${ratioText(ratio)} x`.padStart(9));
  if (isJudged(row)) columns.push(`  ${boundOf(row)}: ${isMissed(row) ? 'MISSED' : 'kept'}`);
  if (yardstick !== undefined && isJudged(row)) columns.push(`  over ${yardstick}`);
  if (ratios !== undefined) columns.push(`  batches ${ratios.map(ratioText).join(', ')}`);
  if (note !== undefined) columns.push(`  ${note}`);
  return columns.join('');
}
