/** Tables for people: a line of headings, then a line for each row, columns as wide as what is in them. */
import { printable } from './terminal.js';

const GAP = '  ';
/** Stands for what is not known or not there. */
const NOTHING = '-';

/** A table of texts that anybody may have written: every cell is made printable. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const lines = [headings, ...rows].map((cells) => cells.map(cellText));
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => widthOf(cells[column]))));
  return lines.map((cells) => `${cells.map(padTo(widths)).join(GAP).trimEnd()}\n`).join('');
}

/** Facts, one a line: `Name: value`. What is not known or empty is left out. */
export function facts(values: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => [name, typeof value === 'object' ? value.join(', ') : (value ?? '')] as const)
    .map(([name, value]) =>
      value === ''
        ? ''
        : `${name}: ${printable(value)}
`,
    )
    .join('');
}

function cellText(cell: string | undefined): string {
  return cell === undefined || cell === '' ? NOTHING : printable(cell);
}

function padTo(widths: readonly number[]): (cell: string, column: number) => string {
  return (cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
}

/** In characters; ids, names and dates have no wide ones. */
function widthOf(cell = ''): number {
  return cell.length;
}
