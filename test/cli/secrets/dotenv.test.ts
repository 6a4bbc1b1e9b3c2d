import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../../src/cli/secrets/dotenv.js';

const read = (text: string) => Object.fromEntries(parseDotenv(text, 'f.env'));

describe('dotenv text', () => {
  it.each([
    ['', {}],
    ['\n \t\n# A=1\n  # B=1', {}],
    ['A=1\nB=2', { A: '1', B: '2' }],
    ['A=1\r\nB="x\r\ny"\r\n', { A: '1', B: 'x\ny' }],
    ['A=\nB=1', { A: '', B: '1' }],
    // Node 22 and later put the next line into A.
    ['A= \nB=1', { A: '', B: '1' }],
    ['A=\t\nB=1', { A: '', B: '1' }],
    ['A=""\nB=\'\'\nC=``', { A: '', B: '', C: '' }],
    // Node 20 makes names of spaces out of these.
    ['export A=1\nexport  B=2\n\texport\tC=3', { A: '1', B: '2', C: '3' }],
    ['  A = 1 \n\tB\t=\t2\t', { A: '1', B: '2' }],
    ['A=1\n   \n  # c\nB=2', { A: '1', B: '2' }],
    ['A="x#y" # c\nB=\'#\'#c', { A: 'x#y', B: '#' }],
    ['A=x y # c', { A: 'x y' }],
    ['A= # c', { A: '' }],
    ['A="a\\nb"\nB=\'a\\nb\'', { A: 'a\nb', B: 'a\\nb' }],
    ['A="it\'s"\nB=\'"\'\nC=`"\'`', { A: "it's", B: '"', C: '"\'' }],
    [
      'A="-----BEGIN X-----\nMIIB==\n-----END X-----\n"\nB=1',
      { A: '-----BEGIN X-----\nMIIB==\n-----END X-----\n', B: '1' },
    ],
    ['A=\u00a0x\u00a0 ', { A: '\u00a0x\u00a0' }],
    ['A=b=c==', { A: 'b=c==' }],
    ['A=$B\nB=${A}', { A: '$B', B: '${A}' }],
    ['A=x"y\'z', { A: 'x"y\'z' }],
    ['spring.datasource.password=x\nA-B_1=y', { 'spring.datasource.password': 'x', 'A-B_1': 'y' }],
    ['A=é\nB="ü😀"', { A: 'é', B: 'ü😀' }],
    ['A=1\nB=2\nA=3', { A: '3', B: '2' }],
    ['export=1\nexportA=2', { export: '1', exportA: '2' }],
    ['constructor=1\ntoString=2', { constructor: '1', toString: '2' }],
  ])('%j is read', (text, variables) => {
    expect(read(text)).toEqual(variables);
  });

  it.each([
    ['hunter2', 1],
    ['A=1\nhunter2\nB=2', 2],
    ['A="one\ntwo"\n\nhunter2', 4],
    ['A=1\n=hunter2', 2],
    ['1A=hunter2', 1],
    ['A B=hunter2', 1],
    ['hunter2 =\n\nä=1', 3],
    // Node drops what follows, without a word.
    ['A=hunter#2', 1],
    ['A=#hunter2', 1],
    ['A="hunter\\"2"', 1],
    ['A="hunter"2', 1],
    ['A="hunter" "2"', 1],
    ["A='hunter'2'", 1],
    // Node takes the quote for a part of the value.
    ['A="hunter2\nB=1', 1],
    ['A=1\nB=`hunter2', 2],
    // The blank before a quote does not make it a part of the value.
    [`A= ' # hunter2`, 1],
    ['A=hunter\r2', 1],
    ['A="hunter\r2"', 1],
    ['__proto__=hunter2', 1],
    ['\ufeffA=hunter2', 1],
    ['{"A":"hunter2"}', 1],
    ['A: hunter2', 1],
    ['-----BEGIN RSA PRIVATE KEY-----\nhunter2==', 1],
  ])('%j is refused by the number of its line, and not quoted', (text, line) => {
    let error: Error & { hints?: string[] } = new Error('nothing was thrown');
    try {
      parseDotenv(text, 'f.env');
    } catch (caught) {
      error = caught as Error;
    }
    expect(error).toMatchObject({
      code: 'invalid-environment',
      message: `line ${line} of "f.env" is no dotenv assignment`,
    });
    expect([error.message, ...(error.hints ?? [])].join()).not.toMatch(/hunter|BEGIN/);
  });

  it('of any values comes back, in the quotes that it needs', () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,9}$/).filter((text) => text !== '__proto__');
    const value = fc
      .string({ unit: fc.constantFrom('a', '0', ' ', '\n', '#', '=', '"', "'", '`', '$', 'é', '\\', 'n') })
      .filter((text) => !(text.includes("'") && text.includes('`')));
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { noNullPrototype: true }),
        fc.constantFrom('\n', '\r\n'),
        (variables, end) => {
          const quoted = (text: string) => (text.includes("'") ? `\`${text}\`` : `'${text}'`);
          const lines = Object.entries(variables).map(([key, text]) => `${key}=${quoted(text)}`);
          expect(read(lines.join(end))).toEqual(variables);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is read as Node reads each assignment, or refused', () => {
    const line = fc.string({
      unit: fc.constantFrom('A', '=', ' ', '"', "'", '#', 'x', '\\', 'n', '`', '\n'),
    });
    let readings = 0;
    fc.assert(
      fc.property(line, (text) => {
        let variables: Record<string, string>;
        try {
          variables = read(`A=${text}`);
        } catch {
          return;
        }
        if (Object.keys(variables).length !== 1 || text.includes('\n')) return;
        readings += 1;
        expect(variables).toEqual({ ...parseEnv(`A=${text}`) });
      }),
      { numRuns: 5000 },
    );
    expect(readings).toBeGreaterThan(100);
  });

  it('of a megabyte is read in a moment, whatever it looks like', () => {
    const repeated = ['A="', 'A= ', '#', ' ', 'A', 'export ', 'A=1\n', 'A="\n', "A='\"\n'\n"].map((text) => {
      return text.repeat(1_048_576 / text.length);
    });
    const blanks = ' '.repeat(1_048_570);
    const texts = [
      ...repeated,
      `A=${blanks}x`,
      `A=x${blanks}#`,
      `A${blanks}`,
      `export${blanks}=`,
      `A=x${blanks}#\r`,
    ];
    for (const text of texts) {
      const started = performance.now();
      try {
        parseDotenv(text, 'f.env');
      } catch {
        // Refusing takes no longer than reading.
      }
      expect(performance.now() - started, text.slice(0, 10)).toBeLessThan(5000);
    }
  });
});
