/** The table of figures in the README is one that the bench wrote, about suites that there are. Nothing is measured here. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Bench {
  readonly SUITES: Readonly<Record<string, unknown>>;
  withTable(readme: string, machine: object, results: object): string;
}

const load = async (name: string): Promise<Bench> =>
  (await import(new URL(name, import.meta.url).href)) as Bench;
const { SUITES } = await load('suites.mjs');
const { withTable } = await load('readme-table.mjs');
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const MACHINE = {
  date: '2026-11-24',
  processor: 'Some CPU',
  cores: 2,
  system: 'Debian GNU/Linux 12 (bookworm), Linux 6.1',
  node: 'v20.20.2',
  openssl: '3.0.19',
  age: '1.1.1',
  softhsm: '2.6.1',
};
const FORM =
  /^Medians of three batches or more, measured on \d{4}-\d\d-\d\d: .+, \d+ cores, .+; Node [\d.]+, OpenSSL [\d.]+, age [\d.]+, SoftHSM [\d.]+\.$/m;

/** Cells of every row, the head first. */
function rowsOf(readme: string): string[][] {
  const [, table = ''] = /<!-- bench: [^]*?-->\n([^]*?)<!-- \/bench -->/.exec(readme) ?? [];
  return [...table.matchAll(/^\| (.*) \|$/gm)]
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim()))
    .filter((cells) => !cells.every((cell) => /^-+:?$/.test(cell)));
}

it('has the columns that the bench writes, about suites that there are', () => {
  const [head, ...rows] = rowsOf(README);
  expect(head).toEqual(rowsOf(withTable(README, MACHINE, {}))[0]);
  expect(rows.length).toBeGreaterThan(3);
  for (const [suite = '', what, figure, over, ratio, limit] of rows) {
    expect(Object.keys(SUITES)).toContain(suite.replaceAll('`', ''));
    expect(what).not.toBe('');
    expect(figure).toMatch(/^[\d.]+ (ms|\/s)$/);
    expect(`${over ?? ''}|${ratio ?? ''}`).toMatch(/^(\||.+\|\d+\.\d{2,3})$/);
    expect(limit).toMatch(/^at (most|least) \d+(\.\d{2,3}| ms)(: \*\*missed\*\*)?$/);
  }
  expect(README).toMatch(FORM);
});

it('is replaced whole, and says what was missed', () => {
  const results = {
    'start-up': [
      { name: 'node', value: 40, unit: 'ms' },
      { name: 'encrypt', value: 60, unit: 'ms', ratio: 1.5, yardstick: 'node', limit: 1.4 },
    ],
    'decrypt-rate': [
      { name: 'calls', value: 3210.4, unit: '/s', ratio: 0.41, yardstick: 'openssl', least: 0.4 },
      { name: 'batch', value: 90, unit: 'ms', ratio: 0.0234, yardstick: 'runs', limit: 1 / 50 },
      { name: '  p99', value: 51, unit: 'ms', most: 50 },
    ],
  };
  const written = withTable(README, MACHINE, results);
  expect(rowsOf(written).slice(1)).toEqual([
    ['`start-up`', 'encrypt', '60.0 ms', 'node', '1.50', 'at most 1.40: **missed**'],
    ['`decrypt-rate`', 'calls', '3210 /s', 'openssl', '0.41', 'at least 0.40'],
    ['`decrypt-rate`', 'batch', '90.0 ms', 'runs', '0.023', 'at most 0.020: **missed**'],
    ['`decrypt-rate`', 'p99', '51.0 ms', '', '', 'at most 50 ms: **missed**'],
  ]);
  expect(written).toMatch(FORM);
  const table = /<!-- bench: [^]*<!-- \/bench -->/;
  expect(written.replace(table, '')).toBe(README.replace(table, ''));
});

it('has a place, and only one', () => {
  for (const text of ['# nothing', README + README]) {
    expect(() => withTable(text, MACHINE, {})).toThrow('the README has not exactly one');
  }
});
