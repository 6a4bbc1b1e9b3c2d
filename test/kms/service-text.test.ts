import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_SERVICE_TEXT_CHARS, serviceText } from '../../src/kms/service-text.js';

it.each([
  ['plain words stay', 'The specified Key is not found.', 'The specified Key is not found.'],
  ['several lines become one', ' one\r\n\ttwo\u2028three\u0085four ', 'one two three four'],
  ['colours go', 'a\u001b[1;31mred\u001b[0mb', 'aredb'],
  ['window titles go', '\u001b]0;owned\u0007kept', 'kept'],
  ['a lone escape goes', 'a\u001bb', 'a b'],
  ['eight-bit control characters go', 'a\u009b31mb', 'a 31mb'],
  ['bidirectional overrides go', 'abc\u202edef\u2066ghi', 'abcdefghi'],
  ['invisible characters go', 'a\u200bb\ufeffc', 'abc'],
  ['half characters go', 'a\ud800b', 'ab'],
  ['other scripts stay', '密钥不存在 ключ', '密钥不存在 ключ'],
])('%s', (_what, text, shown) => {
  expect(serviceText(text)).toBe(shown);
});

it('cuts long text between characters and says so', () => {
  expect(serviceText('😀'.repeat(10), 4)).toBe('😀😀😀…');
  expect(serviceText('abcd', 4)).toBe('abcd');
});

it('never lets anything through that a terminal obeys, nor more than it may', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      const shown = serviceText(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(Array.from(shown).length).toBeLessThanOrEqual(MAX_SERVICE_TEXT_CHARS);
      expect(serviceText(shown)).toBe(shown);
    }),
  );
});
