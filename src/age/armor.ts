/**
 * The ASCII armor (C2SP age.md, "ASCII armor"): strict PEM of RFC 7468, figure 3. Canonical base64 with padding, 64
 * columns, LF or CRLF; white space is allowed before and after the block and nowhere else.
 *
 * Invariant: nothing but that white space and the line ends can be changed in an armored file without an error.
 */
import { asBuffer, decodeBase64 } from '../crypto/encoding.js';
import { KmsAsymError } from '../errors.js';
import { Segmenter, type ByteStream } from './byte-stream.js';

/** The first line of every armored file. */
export const ARMOR_BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
/** Most white space before the first line, in bytes. */
export const MAX_LEADING_SPACE_BYTES = 1024;

const END = '-----END AGE ENCRYPTED FILE-----';
const COLUMNS = 64;
const BYTES_PER_LINE = 48;
const BLOCK_BYTES = 1024 * BYTES_PER_LINE;
/** White space at the beginning; that of ASCII, of which JavaScript's own idea is wider. */
const SPACE = /^[\t-\r ]*/;

/** Armors a file; yields whole lines. */
export async function* encodeArmor(file: ByteStream): AsyncGenerator<Buffer> {
  yield Buffer.from(`${ARMOR_BEGIN}\n`);
  const blocks = new Segmenter(BLOCK_BYTES);
  for await (const piece of file) {
    blocks.push(piece);
    for (let block = blocks.next(); block; block = blocks.next()) yield encodeLines(block);
  }
  if (blocks.end().length > 0) yield encodeLines(blocks.end());
  yield Buffer.from(`${END}\n`);
}

function encodeLines(bytes: Uint8Array): Buffer {
  const buffer = asBuffer(bytes);
  const lines = Buffer.allocUnsafeSlow(Math.ceil(bytes.length / BYTES_PER_LINE) * (COLUMNS + 1));
  let used = 0;
  for (let start = 0; start < buffer.length; start += BYTES_PER_LINE) {
    used += lines.write(buffer.toString('base64', start, start + BYTES_PER_LINE), used, 'latin1');
    lines[used++] = 0x0a;
  }
  return lines.subarray(0, used);
}

/**
 * Takes the armor off a file.
 *
 * @throws KmsAsymError `invalid-ciphertext`
 */
export async function* decodeArmor(armored: ByteStream): AsyncGenerator<Buffer> {
  const decoder = new ArmorDecoder();
  for await (const piece of armored) {
    for (let start = 0; start < piece.length; start += BLOCK_BYTES) {
      const bytes = decoder.push(piece.subarray(start, start + BLOCK_BYTES));
      if (bytes.length > 0) yield bytes;
    }
  }
  decoder.end();
}

/** Takes the armor off piece by piece, holding no more than a line. */
class ArmorDecoder {
  #text = '';
  #leadingSpace = 0;
  #state: 'before' | 'full lines' | 'last line seen' | 'after' = 'before';

  /**
   * Takes the next part of the text.
   *
   * @returns the bytes of the lines that it completed, often none
   * @throws KmsAsymError `invalid-ciphertext`
   */
  push(piece: Uint8Array): Buffer {
    this.#text += asBuffer(piece).toString('latin1');
    if (this.#state === 'before') this.#begin();
    const decoded = this.#state === 'full lines' ? this.#decodeLines() : Buffer.alloc(0);
    if (this.#state === 'last line seen') this.#end();
    if (this.#state === 'after') this.#skipSpace();
    return decoded;
  }

  /**
   * Says that there is no more.
   *
   * @throws KmsAsymError `invalid-ciphertext` when the armor did not end
   */
  end(): void {
    if (this.#state !== 'after') throw malformed('is cut off');
  }

  #begin(): void {
    const text = this.#text.replace(SPACE, '');
    this.#leadingSpace += this.#text.length - text.length;
    if (this.#leadingSpace > MAX_LEADING_SPACE_BYTES) throw malformed('has too much white space before it');
    this.#text = text;
    const line = [`${ARMOR_BEGIN}\n`, `${ARMOR_BEGIN}\r\n`].find((whole) => this.#text.startsWith(whole));
    if (line !== undefined) {
      this.#text = this.#text.slice(line.length);
      this.#state = 'full lines';
    } else if (!`${ARMOR_BEGIN}\n`.startsWith(this.#text) && this.#text !== `${ARMOR_BEGIN}\r`) {
      throw malformed(`does not begin with "${ARMOR_BEGIN}"`);
    }
  }

  #decodeLines(): Buffer {
    const lines = this.#text.replaceAll('\r\n', '\n').split('\n');
    let full = 0;
    while (full < lines.length - 1 && isFull(lines[full])) full++;
    const decoded = decodeCanonical(lines.slice(0, full).join(''));
    this.#text = lines.slice(full).join('\n');
    const newline = this.#text.indexOf('\n');
    if (this.#text.startsWith('-')) this.#state = 'last line seen';
    else if (newline >= 0) return Buffer.concat([decoded, this.#decodeLastLine(newline)]);
    else if (this.#text.length > COLUMNS + 1) throw notBase64();
    return decoded;
  }

  #decodeLastLine(newline: number): Buffer {
    if (newline === 0 || newline > COLUMNS) throw notBase64();
    const bytes = decodeCanonical(this.#text.slice(0, newline));
    this.#text = this.#text.slice(newline + 1);
    this.#state = 'last line seen';
    return bytes;
  }

  #end(): void {
    if (this.#text.startsWith(END)) {
      this.#text = this.#text.slice(END.length);
      this.#state = 'after';
    } else if (!END.startsWith(this.#text)) {
      throw malformed('has a short line that is not its last, or does not end as it should');
    }
  }

  #skipSpace(): void {
    if (this.#text.replace(SPACE, '') !== '') throw malformed('has something after it');
    this.#text = '';
  }
}

function isFull(line: string | undefined): boolean {
  return line?.length === COLUMNS && !line.endsWith('=');
}

function decodeCanonical(text: string): Buffer {
  const bytes = decodeBase64(text);
  if (!bytes) throw notBase64();
  return bytes;
}

function notBase64(): KmsAsymError {
  return malformed('has a line that is not 64 columns of canonical base64');
}

function malformed(problem: string): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', `the age armor ${problem}`);
}
