/** The table of figures in the README: what one run of the bench measured, and what it measured with. */
import { boundOf, isJudged, isMissed, ratioText } from './rows.mjs';

const BEGIN = '<!-- bench: written by `npm run bench -- --readme` -->';
const END = '<!-- /bench -->';
const HEAD = ['Suite', 'Measured', 'Figure', 'Over', 'Ratio', 'Limit'];

/**
 * The README with another table between its markers.
 *
 * @param {string} readme
 * @param {object} machine as thisMachine() says it
 * @param {Record<string, object[]>} results rows by suite
 * @returns {string} not aligned: formatting is somebody else's
 */
export function withTable(readme, machine, results) {
  const [before, rest] = cut(readme, BEGIN);
  const [, after] = cut(rest, END);
  const rows = Object.entries(results).flatMap(([suite, all]) =>
    all.filter(isJudged).map((row) => cells(suite, row)),
  );
  const table = [HEAD, HEAD.map((_, column) => (column > 1 && column !== 3 ? '--:' : '---')), ...rows];
  const lines = table.map((row) => `| ${row.join(' | ')} |`);
  return [before + BEGIN, '', ...lines, '', measuredOn(machine), '', END + after].join('\n');
}

function cut(text, marker) {
  const parts = text.split(marker);
  if (parts.length !== 2) throw new Error(`the README has not exactly one "${marker}"`);
  return parts;
}

function cells(suite, row) {
  const { name, value, unit, ratio, yardstick = '' } = row;
  return [
    `\`${suite}\``,
    name.trim(),
    `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`,
    yardstick,
    ratio === undefined ? '' : ratioText(ratio),
    isMissed(row) ? `${boundOf(row)}: **missed**` : boundOf(row),
  ];
}

function measuredOn({ date, processor, cores, system, node, openssl, age, softhsm }) {
  const versions = `Node ${node.slice(1)}, OpenSSL ${openssl}, age ${age}, SoftHSM ${softhsm}`;
  return `Medians of three batches or more, measured on ${date}: ${processor}, ${cores} cores, ${system}; ${versions}.`;
}
