/**
 * What happens to ciphertext on its way through shells, editors and clipboards, told by the marks it leaves. Each accident
 * comes with what undoes it, or with the word that nothing does.
 */
import { KmsAsymError } from '../errors.js';
import { RSA_CIPHERTEXT_BYTES as SIZES } from './algorithms.js';
import { ONLY_BASE64 } from './encoding.js';

/** Beginnings of an age file, binary and armored, in base64. */
const AGE_IN_BASE64 = /^(YWdlLWVuY3J5cHRpb24ub3JnL|LS0tLS1CRUdJTiBBR0UgRU5DUllQVEVEIEZJTEUtLS0t)/;
const AGE_ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
/** White space and byte order marks, in front of a binary age file. */
const BEFORE_AGE = /^((?:[\t-\r ]|\xef\xbb\xbf)+)age-encryption\.org\/v1/;
/** Armor may have white space before it, but no mark. */
const ARMOR_BEHIND_MARK =
  /^[\t-\r ]*\xef\xbb\xbf(?:[\t-\r ]|\xef\xbb\xbf)*-----BEGIN AGE ENCRYPTED FILE-----/;
const BYTE_ORDER_MARK = '\xef\xbb\xbf';
/** U+FFFD in UTF-8: what a byte becomes that is no character. */
const REPLACEMENT = '\xef\xbf\xbd';
const ANSWER = /"CiphertextBlob"\s*:/;
const FROM_UTF16 = [
  'PowerShell writes that with ">"; turn it back: iconv -f UTF-16 -t ASCII FILE > FIXED',
  'next time: -o FILE in place of ">", or Out-File -Encoding ascii',
];
const LOST = ['encrypt again, with -o FILE in place of ">" or a pipe of PowerShell, or with --armor'];

/** The error for an input that is no ciphertext. */
export function invalid(name: string, problem: string, hints: readonly string[] = []): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', `"${name}" ${problem}`, { hints });
}

/**
 * What happens to age files on the way: the error for one that is not recognised any more, whatever else is wrong.
 *
 * @param input - its beginning
 */
export function ageAccident(input: Buffer, name: string): KmsAsymError | undefined {
  const text = input.toString('latin1');
  if (AGE_IN_BASE64.test(text.trimStart())) {
    return invalid(name, 'is base64 of an age file', [
      'decode it once: base64 -d FILE > FIXED; encrypt --armor writes text that needs no decoding',
    ]);
  }
  if (ARMOR_BEHIND_MARK.test(text)) {
    return invalid(name, 'is an age file behind a byte order mark', ['save it as plain ASCII text']);
  }
  const [, before] = BEFORE_AGE.exec(text) ?? [];
  if (before !== undefined) {
    return invalid(name, 'has something before its age header that does not belong there', [
      `cut it off: tail -c +${before.length + 1} FILE > FIXED`,
    ]);
  }
  const isUtf16 = [AGE_ARMOR, `\ufeff${AGE_ARMOR}`].some((start) => {
    return input.toString('utf16le', 0, 2 * start.length) === start;
  });
  return isUtf16 ? invalid(name, 'is an age file as UTF-16 text', FROM_UTF16) : undefined;
}

/** The error for an input that is neither base64 nor of the right length: accidents by their marks, most specific first. */
export function diagnose(input: Buffer, text: string, name: string): KmsAsymError {
  return (
    utf16(input, text, name) ??
    mark(text, name) ??
    json(text, name) ??
    quoted(text, name) ??
    replaced(text, name) ??
    lineBreaks(input, text, name) ??
    invalid(name, `has ${input.length} bytes, but an RSA ciphertext has ${SIZES.join(', ')}`, [
      SIZES.some((size) => size > input.length && size <= input.length + 8)
        ? 'it lost its end on the way: copy the whole file again'
        : 'it is no age file either: perhaps it is not encrypted at all',
    ])
  );
}

function utf16(input: Buffer, text: string, name: string): KmsAsymError | undefined {
  const isBigEndian = text.startsWith('\xfe\xff');
  const isEven = input.length % 2 === 0;
  const littleEndian = isBigEndian && isEven ? Buffer.from(input).swap16() : input;
  if (isEven && ONLY_BASE64.test(littleEndian.toString('utf16le').replace('\ufeff', ''))) {
    return invalid(name, 'is base64 as UTF-16 text', FROM_UTF16);
  }
  if (!isBigEndian && !text.startsWith('\xff\xfe')) return undefined;
  if (ANSWER.test(littleEndian.toString('utf16le'))) {
    return invalid(name, 'is a whole JSON answer as UTF-16 text, not a ciphertext', [
      'take only its "CiphertextBlob": iconv -f UTF-16 -t UTF-8 FILE | jq -r .CiphertextBlob > FIXED',
    ]);
  }
  return invalid(name, 'is UTF-16 text: a shell took the ciphertext for text, and bytes were lost', LOST);
}

function mark(text: string, name: string): KmsAsymError | undefined {
  if (!text.startsWith(BYTE_ORDER_MARK) || !ONLY_BASE64.test(text.slice(3))) return undefined;
  return invalid(name, 'is base64 behind a byte order mark', ['save it as plain ASCII text']);
}

function json(text: string, name: string): KmsAsymError | undefined {
  if (!/^(\xef\xbb\xbf)?\s*\{/.test(text)) return undefined;
  return ANSWER.test(text)
    ? invalid(name, 'is a whole JSON answer, not a ciphertext', [
        'pass only the value of its "CiphertextBlob": jq -r .CiphertextBlob FILE > FIXED',
      ])
    : invalid(name, 'is JSON, not a ciphertext, and has no "CiphertextBlob" either');
}

function quoted(text: string, name: string): KmsAsymError | undefined {
  const inner = /^\s*(["'])(.*)\1\s*$/s.exec(text)?.[2] ?? '';
  if (inner === '' || !ONLY_BASE64.test(inner.replaceAll('\\n', ''))) return undefined;
  return invalid(name, 'is base64 in quotation marks', [
    'take them away, as jq -r does: jq -r . FILE > FIXED',
  ]);
}

function replaced(text: string, name: string): KmsAsymError | undefined {
  // Random bytes hold this sequence once in sixteen million.
  if (text.split(REPLACEMENT).length < 10) return undefined;
  return invalid(name, 'was taken for text on its way, and bytes were lost', LOST);
}

function lineBreaks(input: Buffer, text: string, name: string): KmsAsymError | undefined {
  const size = SIZES.find((candidate) => input.length > candidate && input.length <= (candidate * 9) / 8);
  if (size === undefined) return undefined;
  if (/^\r?\n$/.test(text.slice(size))) {
    return invalid(name, `has a line break behind the ${size} bytes of an RSA ciphertext`, [
      `cut it off: head -c ${size} FILE > FIXED`,
    ]);
  }
  if (text.split('\r\n').length === input.length - size + 1) {
    return invalid(name, `has ${input.length} bytes in place of ${size}: every LF became CRLF`, [
      'copy it again in binary mode, or encrypt with --armor for ways that are made for text',
    ]);
  }
  return invalid(name, `has ${input.length} bytes, a little more than the ${size} of an RSA ciphertext`, [
    'something was added on the way: copy it again in binary mode, or encrypt with --armor',
  ]);
}
