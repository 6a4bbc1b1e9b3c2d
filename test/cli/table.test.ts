import { describe, expect, it } from 'vitest';
import { facts, table } from '../../src/cli/table.js';

describe('table', () => {
  it('has columns as wide as what is in them, and no blanks at the ends of lines', () => {
    const text = table(
      ['KeyId', 'Aliases'],
      [
        ['key-1', 'alias/a'],
        ['k', ''],
        ['key-12345', undefined],
      ],
    );
    expect(text).toBe('KeyId      Aliases\nkey-1      alias/a\nk          -\nkey-12345  -\n');
  });

  it('has a line of headings even without rows', () => {
    expect(table(['A', 'B'], [])).toBe('A  B\n');
  });

  it.each(['a\nb', 'a\rb', 'a\u001b[31mb', 'a\u009bb', 'a\u202eb', 'a\u2028b', 'a\u0000b'])(
    'keeps %j within its cell',
    (cell) => {
      const lines = table(['A', 'B'], [[cell, 'x']]).split('\n');
      expect(lines).toHaveLength(3);
      expect(lines[1]).toMatch(/^a\ufffd(\[31m)?b {2}x$/);
    },
  );
});

describe('facts', () => {
  it('are one a line, printable, without what is not known', () => {
    expect(facts({ A: 'x', B: undefined, C: [], D: ['y', 'z'], E: 'p\u001b[2J\nF: forged' })).toBe(
      'A: x\nD: y, z\nE: p\ufffd[2J\ufffdF: forged\n',
    );
  });
});
