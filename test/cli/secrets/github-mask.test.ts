import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskCommands } from '../../../src/cli/secrets/github-mask.js';

/** What the runner of GitHub adds to its masks, by its `ActionCommand.TryParseV2` and `AddMaskCommandExtension`. */
function masksOf(output: string): string[] {
  return output.split(/\r\n|\r|\n/).flatMap((line) => {
    const data = /^\s*::add-mask::(.*)$/s.exec(line)?.[1];
    if (data === undefined) return [];
    const value = data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
    return value.trim() === '' ? ['the runner warns of this'] : [value];
  });
}

describe('the lines for the runner', () => {
  it.each([
    [['a'], '::add-mask::a\n'],
    [[''], ''],
    [[' \n '], ''],
    [['100%'], '::add-mask::100%25\n'],
    [['%0A'], '::add-mask::%250A\n'],
    [['a', 'a'], '::add-mask::a\n'],
    [['a\nb\n'], '::add-mask::a%0Ab%0A\n::add-mask::a\n::add-mask::b\n'],
    [['a\r\n\n  b'], '::add-mask::a%0D%0A%0A  b\n::add-mask::a\n::add-mask::b\n'],
    [[' a '], '::add-mask:: a \n::add-mask::a\n'],
    [['::stop-commands::x'], '::add-mask::::stop-commands::x\n'],
  ])('for %j', (values, lines) => {
    expect(maskCommands(values)).toBe(lines);
  });

  it('make it hide every value, every line of it, and nothing else', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', ' ', '%', '0', 'A', 'D', '2', '5', '\r', '\n', ':', 'é'),
    });
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const wanted = values.flatMap((text) => [text, ...text.split(/[\r\n]/).map((line) => line.trim())]);
        const masks = masksOf(maskCommands(values));
        expect(new Set(masks)).toEqual(new Set(wanted.filter((text) => text.trim() !== '')));
      }),
      { numRuns: 1000 },
    );
  });
});
