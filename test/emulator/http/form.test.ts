import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_PARAMETERS, parseForm } from '../../../src/emulator/http/form.js';
import { Refusal } from '../../../src/emulator/refusal.js';

it('reads back whatever was written, in both spellings of a space', () => {
  const text = fc.string({ unit: 'grapheme' });
  const dictionary = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 20 });
  fc.assert(
    fc.property(dictionary, fc.boolean(), (pairs, usesPlus) => {
      const encode = (part: string) =>
        usesPlus ? encodeURIComponent(part).replaceAll('%20', '+') : encodeURIComponent(part);
      const form = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
      expect([...parseForm(form)]).toEqual(pairs);
    }),
  );
});

it('refuses or reads any text, and throws nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        expect(parseForm(text).size).toBeLessThanOrEqual(MAX_PARAMETERS);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
  );
});
