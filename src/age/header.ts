/**
 * The header (C2SP age.md, "Header"): a version line, stanzas, and a MAC under a key that is derived from the file
 * key. Parsed strictly, so that a header has one spelling only, and with caps, since all of it is hostile input
 * until its MAC is verified; after that the file key is committed to.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { asBuffer, decodeBase64Unpadded, encodeBase64Unpadded } from '../crypto/encoding.js';
import { KmsAsymError } from '../errors.js';
import type { ByteReader } from './byte-stream.js';
import { encodeStanza, StanzaParser, startsStanza, type Stanza } from './stanza.js';

/** A header as it was read. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  /** 32 bytes, not verified. */
  readonly mac: Uint8Array;
  /** What the MAC is computed over: every byte up to and including `---`. */
  readonly authenticated: Uint8Array;
  /** Length in bytes; the payload begins there. */
  readonly length: number;
}

/** Longest header that is read, in bytes. */
export const MAX_HEADER_BYTES = 1024 * 1024;
/** Most stanzas that a header may have. */
export const MAX_STANZAS = 64;

/** First bytes of every age file, whatever its version. */
export const VERSION_PREFIX = 'age-encryption.org/';

const VERSION_LINE = `${VERSION_PREFIX}v1`;
const LF = 0x0a;
const PRINTABLE = /^[ -~]*$/;
const MAC_LINE = /^--- ([A-Za-z0-9+/]{43})$/;

/**
 * The bytes of a header for a file key.
 *
 * @param stanzas - at least one
 * @throws KmsAsymError `input-too-large` for more than {@link MAX_STANZAS}
 */
export function encodeHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Buffer {
  if (stanzas.length === 0) throw new Error('a header without stanzas is for nobody');
  if (stanzas.length > MAX_STANZAS) {
    throw new KmsAsymError(
      'input-too-large',
      `an age header has at most ${MAX_STANZAS} stanzas, not ${stanzas.length}`,
    );
  }
  const text = `${VERSION_LINE}\n${stanzas.map(encodeStanza).join('')}---`;
  return Buffer.from(`${text} ${encodeBase64Unpadded(computeMac(Buffer.from(text), fileKey))}\n`);
}

/** The bytes of a header as it was read: there is no other way to spell it. */
export function bytesOf({ authenticated, mac }: Header): Buffer {
  return Buffer.concat([authenticated, Buffer.from(` ${encodeBase64Unpadded(mac)}\n`)]);
}

/** True when the header was made by somebody who knew this file key. In constant time. */
export function verifyHeader(header: Header, fileKey: Uint8Array): boolean {
  return timingSafeEqual(computeMac(header.authenticated, fileKey), header.mac);
}

function computeMac(authenticated: Uint8Array, fileKey: Uint8Array): Buffer {
  const key = Buffer.from(hkdfSync('sha256', fileKey, '', 'header', 32));
  return createHmac('sha256', key).update(authenticated).digest();
}

/**
 * Reads the header at the front of a stream and leaves the payload.
 *
 * @throws KmsAsymError `invalid-ciphertext`
 */
export async function readHeader(reader: ByteReader): Promise<Header> {
  const parser = new HeaderParser();
  let length = 0;
  for (let piece = await reader.next(); piece; piece = await reader.next()) {
    const header = parser.push(piece);
    if (header) {
      reader.unread(piece.subarray(header.length - length));
      return header;
    }
    length += piece.length;
  }
  throw malformed('the age header is cut off');
}

/** Parses a header from the first bytes of a file, in pieces of any size. */
export class HeaderParser {
  readonly #stanzas: Stanza[] = [];
  #stanza: StanzaParser | undefined;
  #lines = '';
  #line = '';

  /**
   * Takes the next bytes of the file; fails at the first that cannot be right.
   *
   * @returns the header when its last byte was among them
   * @throws KmsAsymError `invalid-ciphertext`
   */
  push(bytes: Uint8Array): Header | undefined {
    const buffer = asBuffer(bytes);
    for (let start = 0; start < buffer.length;) {
      const newline = buffer.indexOf(LF, start);
      const end = newline === -1 ? buffer.length : newline;
      if (this.#lines.length + this.#line.length + end - start >= MAX_HEADER_BYTES) {
        throw malformed(`the age header is longer than ${MAX_HEADER_BYTES} bytes`);
      }
      this.#append(buffer.toString('latin1', start, end));
      if (newline === -1) return undefined;
      const header = this.#takeLine(this.#line);
      if (header) return header;
      this.#lines += `${this.#line}\n`;
      this.#line = '';
      start = end + 1;
    }
    return undefined;
  }

  #append(text: string): void {
    if (!PRINTABLE.test(text)) {
      throw malformed('the age header has characters that are not printable ASCII', MANGLED);
    }
    this.#line += text;
  }

  #takeLine(line: string): Header | undefined {
    if (this.#lines === '') checkVersion(line);
    else if (this.#stanza) this.#takeBody(this.#stanza, line);
    else if (startsStanza(line)) this.#startStanza(line);
    else return this.#finish(line);
    return undefined;
  }

  #startStanza(line: string): void {
    if (this.#stanzas.length === MAX_STANZAS) {
      throw malformed(`the age header has more than ${MAX_STANZAS} stanzas`);
    }
    this.#stanza = new StanzaParser(line);
  }

  #takeBody(parser: StanzaParser, line: string): void {
    const stanza = parser.push(line);
    if (!stanza) return;
    this.#stanzas.push(stanza);
    this.#stanza = undefined;
  }

  #finish(line: string): Header {
    const mac = decodeBase64Unpadded(MAC_LINE.exec(line)?.[1] ?? '');
    if (mac?.length !== 32) throw malformed('the age header has a line that is neither a stanza nor a MAC');
    if (this.#stanzas.length === 0) throw malformed('the age header has no stanzas');
    const authenticated = Buffer.from(`${this.#lines}---`, 'latin1');
    return { stanzas: this.#stanzas, mac, authenticated, length: this.#lines.length + line.length + 1 };
  }
}

const MANGLED = ['LF may have become CRLF on the way: copy the file in binary mode, or encrypt with --armor'];

function checkVersion(line: string): void {
  if (line === VERSION_LINE) return;
  if (!line.startsWith(VERSION_PREFIX)) throw malformed('this is no age file');
  throw malformed('the age file has a version that this program does not know', [
    `known is "${VERSION_LINE}"`,
  ]);
}

function malformed(message: string, hints: readonly string[] = []): KmsAsymError {
  return new KmsAsymError('invalid-ciphertext', message, { hints });
}
