/**
 * The suite that a plugin has to pass, whatever it is made of: a scripted client plays the protocol with what `start`
 * starts, beside an emulator that has the keys. `faults.ts` shows that it can fail.
 */
import { describe, it } from 'vitest';
import { CASES, type Setting } from './cases.js';

/**
 * Defines the tests of a plugin.
 *
 * @param what - what the plugin is: `the plugin, as an executable,`
 * @param setting - asked for when the tests run
 */
export function describeConformance(what: string, setting: () => Setting): void {
  describe(what, () => {
    it.each(CASES)('$title', ({ run }) => run(setting()));
  });
}
