/** How long is fuzzed: in bounds in `npm test`; for FUZZ_MINUTES each in `npm run test:fuzz`, which then tells counts. */

const minutes = Number(process.env['FUZZ_MINUTES'] ?? 0);

/** What a property is given in place of `numRuns`. */
export interface Limits {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit?: number;
}

/** As many runs as given, or as many as fit into the time. */
export function fuzzLimits(numRuns: number): Limits {
  if (minutes === 0) return { numRuns };
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: minutes * 60_000 };
}

/** As long as given, or as was asked for. */
export function fuzzMs(ms: number): number {
  return minutes === 0 ? ms : minutes * 60_000;
}

/** For the test around it. */
export const FUZZ_TIMEOUT_MS = minutes * 60_000 + 60_000;

/** Says how much was tried, where somebody waited for it. */
export function tellFuzzed(what: string): void {
  if (minutes > 0) process.stdout.write(`fuzzed: ${what}\n`);
}
