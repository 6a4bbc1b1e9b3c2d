import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ARMOR_BEGIN, decodeArmor, encodeArmor, MAX_LEADING_SPACE_BYTES } from '../../src/age/armor.js';
import { collect, outcomeOf, pieces } from './streams.js';

const END = '-----END AGE ENCRYPTED FILE-----';
const FULL = 'A'.repeat(64);

const decode = (text: string, ...sizes: number[]): Promise<Buffer> =>
  collect(decodeArmor(pieces(Buffer.from(text, 'latin1'), ...sizes)));

it('comes off as it was put on, whatever the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(100_000),
      fc.integer({ min: 1, max: 5000 }),
      fc.boolean(),
      async (size, piece, crlf) => {
        const bytes = randomBytes(size);
        const text = (await collect(encodeArmor(pieces(bytes, piece)))).toString();
        const lines = text.split('\n').slice(1, -2);
        expect(lines.slice(0, -1).every((line) => line.length === 64)).toBe(true);
        const decoded = await decode(crlf ? text.replaceAll('\n', '\r\n') : text, piece);
        expect(decoded.equals(bytes)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

it.each([
  ['an empty file', `${ARMOR_BEGIN}\n${END}\n`, 0],
  ['a full last line', `${ARMOR_BEGIN}\n${FULL}\n${END}\n`, 48],
  ['a padded line of 64 columns', `${ARMOR_BEGIN}\n${FULL.slice(0, 62)}==\n${END}\n`, 46],
  ['no newline at the end', `${ARMOR_BEGIN}\nAAAA\n${END}`, 3],
  ['white space around', ` \t\r\n\v\f${ARMOR_BEGIN}\nAAAA\n${END} \n\r\n\t`, 3],
  ['mixed line ends', `${ARMOR_BEGIN}\r\n${FULL}\n${FULL}\r\nAAAA\n${END}\r\n`, 99],
  ['much white space before', `${'\n'.repeat(MAX_LEADING_SPACE_BYTES)}${ARMOR_BEGIN}\nAAAA\n${END}`, 3],
])('is read with %s', async (_what, text, length) => {
  for (const size of [1, 2, 63, 5000]) expect((await decode(text, size)).length).toBe(length);
});

it.each([
  ['nothing at all', '', 'is cut off'],
  ['white space only', ' \n', 'is cut off'],
  ['too much white space', `${' '.repeat(MAX_LEADING_SPACE_BYTES + 1)}${ARMOR_BEGIN}\n${END}`, 'white space'],
  ['text before it', `x${ARMOR_BEGIN}\n${END}`, 'does not begin with'],
  ['another label', '-----BEGIN AGE FILE-----\n', 'does not begin with'],
  ['something after the label', `${ARMOR_BEGIN} \n${END}`, 'does not begin with'],
  ['a lone carriage return', `${ARMOR_BEGIN}\rAAAA\n${END}`, 'does not begin with'],
  ['no end', `${ARMOR_BEGIN}\n${FULL}\n`, 'is cut off'],
  ['half an end', `${ARMOR_BEGIN}\nAAAA\n${END.slice(0, -1)}`, 'is cut off'],
  ['an unfinished line', `${ARMOR_BEGIN}\nAAAA`, 'is cut off'],
  ['a short line inside', `${ARMOR_BEGIN}\nAAAA\n${FULL}\n${END}`, 'short line that is not its last'],
  ['another end', `${ARMOR_BEGIN}\nAAAA\n-----END AGE FILE-----`, 'does not end as it should'],
  ['an empty line', `${ARMOR_BEGIN}\n\nAAAA\n${END}`, 'not 64 columns'],
  ['an empty last line', `${ARMOR_BEGIN}\n${FULL}\n\n${END}`, 'not 64 columns'],
  ['a line of 68 columns', `${ARMOR_BEGIN}\n${FULL}AAAA\n${END}`, 'not 64 columns'],
  ['a line without end', `${ARMOR_BEGIN}\n${'A'.repeat(100_000)}`, 'not 64 columns'],
  ['no padding', `${ARMOR_BEGIN}\nAA\n${END}`, 'canonical base64'],
  ['unused bits', `${ARMOR_BEGIN}\nAB==\n${END}`, 'canonical base64'],
  [
    'padding inside',
    `${ARMOR_BEGIN}\n${FULL.slice(0, 62)}==\n${FULL}\n${END}`,
    'short line that is not its last',
  ],
  ['the URL-safe alphabet', `${ARMOR_BEGIN}\n${FULL.slice(1)}_\n${END}`, 'canonical base64'],
  ['a dash in a full line', `${ARMOR_BEGIN}\n${FULL.slice(1)}-\n${END}`, 'canonical base64'],
  ['a space in a full line', `${ARMOR_BEGIN}\n${FULL.slice(1)} \n${END}`, 'canonical base64'],
  ['a carriage return in a line', `${ARMOR_BEGIN}\nAA\rAA\n${END}`, 'canonical base64'],
  ['a byte above ASCII', `${ARMOR_BEGIN}\n${FULL.slice(1)}\xc1\n${END}`, 'canonical base64'],
  ['a header', `${ARMOR_BEGIN}\nProc-Type: 4\n\nAAAA\n${END}`, 'canonical base64'],
  ['something after it', `${ARMOR_BEGIN}\nAAAA\n${END}\nx`, 'has something after it'],
  ['a space of Latin-1 after it', `${ARMOR_BEGIN}\nAAAA\n${END}\xa0`, 'has something after it'],
  ['a second one after it', `${ARMOR_BEGIN}\n${END}\n${ARMOR_BEGIN}\n${END}\n`, 'has something after it'],
])('is refused with %s', async (_what, text, message) => {
  for (const size of [1, 64, 1_000_000]) {
    const { error } = await outcomeOf(decodeArmor(pieces(Buffer.from(text, 'latin1'), size)));
    expect(error).toMatchObject({ code: 'invalid-ciphertext' });
    expect(error?.message).toContain(message);
  }
});

it('holds no more than a line of an endless file', async () => {
  const endless = function* (): Generator<Buffer> {
    yield Buffer.from(`${ARMOR_BEGIN}\n`);
    for (;;) yield Buffer.from(`${FULL}\n`.repeat(100));
  };
  let length = 0;
  for await (const bytes of decodeArmor(endless())) {
    length += bytes.length;
    if (length > 10_000_000) break;
  }
  expect(length).toBeGreaterThan(10_000_000);
});
