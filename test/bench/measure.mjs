/** Wall times of whole processes, taken in turns so that a busy moment of the machine meets all of them alike. */
import { spawnSync } from 'node:child_process';

/**
 * @param {{ name: string, command: string[], env?: Record<string, string>, stdin?: () => number }[]} programs their output
 *   is thrown away; `stdin` gives the descriptor to read from, right before each run
 * @param {number} runs of each
 * @param {string} cwd
 * @returns {Map<string, number>} medians in milliseconds by name
 */
export function medianTimes(programs, runs, cwd) {
  const times = new Map(programs.map(({ name }) => [name, []]));
  // The first turn warms the file cache and does not count.
  for (let turn = 0; turn <= runs; turn++) {
    for (const { name, command, env, stdin = () => 'ignore' } of programs) {
      const input = stdin();
      const start = process.hrtime.bigint();
      const { status, stderr } = spawnSync(command[0], command.slice(1), {
        cwd,
        env: { ...process.env, ...env },
        stdio: [input, 'ignore', 'pipe'],
      });
      const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
      if (status !== 0) throw new Error(`${name} failed: ${command.join(' ')}\n${stderr}`);
      if (turn > 0) times.get(name).push(elapsed);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** @param {number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
