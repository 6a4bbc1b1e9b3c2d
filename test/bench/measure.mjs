/**
 * How figures come about. A figure is the median of its batches, and its ratio the median of the ratios that it has to its
 * yardstick within each of them: what the machine was busy with for a while meets both sides alike.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

/**
 * Takes batches, one after the other.
 *
 * @param {() => Figures | Promise<Figures>} takeOne what it measures by name, everything of it in turns
 * @param {number} count how many
 * @typedef {Record<string, number>} Figures
 * @returns {Promise<Figures[]>}
 */
export async function takeBatches(takeOne, count = 3) {
  const batches = [];
  for (let batch = 0; batch < count; batch += 1) batches.push(await takeOne());
  return batches;
}

/**
 * The row of one figure.
 *
 * @param {Record<string, number>[]} batches
 * @param {string} figure its name in them
 * @param {object} more what else belongs to the row; `name` and `unit` unless they are the figure's name and ms, and
 *   `over`, the name of the figure that is its yardstick, with `yardstick` where that is called something else for people
 */
export function rowOf(batches, figure, { over, yardstick = over, ...more } = {}) {
  const row = { name: figure, value: median(batches.map((batch) => batch[figure])), unit: 'ms', ...more };
  if (over === undefined) return row;
  const ratios = batches.map((batch) => batch[figure] / batch[over]);
  return { ...row, ratio: median(ratios), ratios, yardstick };
}

/**
 * Wall times of whole processes, taken in turns.
 *
 * @param {{ name: string, command: string[], env?: Record<string, string>, stdin?: () => number }[]} programs their output
 *   is thrown away; `stdin` gives the descriptor to read from, right before each run
 * @param {number} runs of each
 * @param {string} cwd
 * @returns {Record<string, number>} medians in milliseconds by name
 */
export function medianTimes(programs, runs, cwd) {
  const times = Object.fromEntries(programs.map(({ name }) => [name, []]));
  // The first turn warms the file cache and does not count.
  for (let turn = 0; turn <= runs; turn++) {
    for (const { name, command, env, stdin = () => 'ignore' } of shuffled(programs)) {
      const input = stdin();
      const start = process.hrtime.bigint();
      const { status, stderr } = spawnSync(command[0], command.slice(1), {
        cwd,
        env: { ...process.env, ...env },
        stdio: [input, 'ignore', 'pipe'],
      });
      const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
      if (status !== 0) throw new Error(`${name} failed: ${command.join(' ')}\n${stderr}`);
      if (turn > 0) times[name].push(elapsed);
    }
  }
  return mediansOf(times);
}

/**
 * The same in any order. A program that follows itself finds the processor's caches warm, so with a fixed order one side
 * would always gain by its neighbour.
 *
 * @template T
 * @param {T[]} list
 */
export function shuffled(list) {
  const result = [...list];
  for (let end = result.length; end > 1; end -= 1) {
    const at = randomInt(end);
    [result[end - 1], result[at]] = [result[at], result[end - 1]];
  }
  return result;
}

/** @param {Record<string, number[]>} values at least one each */
export function mediansOf(values) {
  return Object.fromEntries(Object.entries(values).map(([name, of]) => [name, median(of)]));
}

/** @param {number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
