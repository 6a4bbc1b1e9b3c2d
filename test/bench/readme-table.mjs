/** The table of figures in the README: what one run of the bench measured, and what it measured with. */
import { isMissed } from './suites.mjs';

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

/** Has a limit to keep; the others are yardsticks, or for a person to look at. */
function isJudged({ limit, least, most }) {
  return limit !== undefined || least !== undefined || most !== undefined;
}

function cells(suite, row) {
  const { name, value, unit, ratio, yardstick = '', limit, least, most } = row;
  const bounds = [
    limit !== undefined && `at most ${decimals(limit)}`,
    least !== undefined && `at least ${decimals(least)}`,
    most !== undefined && `at most ${most} ${unit}`,
  ];
  const bound = bounds.filter(Boolean).join(', ');
  return [
    `\`${suite}\``,
    name.trim(),
    `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`,
    yardstick,
    ratio === undefined ? '' : decimals(ratio),
    isMissed(row) ? `${bound}: **missed**` : bound,
  ];
}

/** Small shares need more of them. */
function decimals(ratio) {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}

function measuredOn({ date, processor, cores, system, node, openssl, age, softhsm }) {
  const versions = `Node ${node.slice(1)}, OpenSSL ${openssl}, age ${age}, SoftHSM ${softhsm}`;
  return `Medians of three batches, measured on ${date}: ${processor}, ${cores} cores, ${system}; ${versions}.`;
}
