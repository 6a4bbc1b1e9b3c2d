/** Says in one plain last line how many tests ran, and fails a run that skipped any unless it was filtered by name. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** The reporter; vitest makes one for each run. */
export default class SummaryReporter implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const states = modules
      .flatMap((module) => [...module.children.allTests()])
      .map((test) => test.result().state);
    const count = (state: string): number => states.filter((other) => other === state).length;
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    const skipped = count('skipped') + count('pending');
    if (skipped > 0 && !this.#isFiltered) process.exitCode = 1;
    // Coverage tables come after this hook, and this is to be the last line.
    process.once('exit', () => {
      process.stdout.write(
        `${count('passed')} passed, ${count('failed') + broken} failed, ${skipped} skipped\n`,
      );
    });
  }
}
