/**
 * Checks the members of a successful answer. What the service sends is printed, stored and decrypted with, so every
 * value must have its documented shape; anything else is `invalid-response`.
 */

import { decodeBase64 } from '../crypto/encoding.js';
import { invalidResponse } from './call-error.js';
import { serviceText } from './service-text.js';

/** Longest values the documentation allows stay far below these, in characters. */
const MAX_TOKEN_CHARS = 512;
const MAX_PEM_CHARS = 16 * 1024;
const MAX_TEXT_CHARS = 16 * 1024;

const TOKEN = /^[\x21-\x7e]+$/;
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const PUBLIC_KEY_PEM = /^-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/;

/** Reads checked members of the answer to one action. */
export class Fields {
  readonly #action: string;

  constructor(action: string) {
    this.#action = action;
  }

  /** Visible ASCII without spaces: ids, ARNs, names of states and specs. */
  token(value: unknown, name: string): string {
    const checked = this.tokenIfAny(value);
    if (checked !== undefined) return checked;
    throw this.invalid(name);
  }

  /** As `token`, for a member that may be missing: malformed is as good as missing. */
  tokenIfAny(value: unknown): string | undefined {
    return typeof value === 'string' && value.length <= MAX_TOKEN_CHARS && TOKEN.test(value)
      ? value
      : undefined;
  }

  /** Text in any characters, to be made printable by whoever prints it; missing when it is empty or endless. */
  textIfAny(value: unknown): string | undefined {
    return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_CHARS ? value : undefined;
  }

  /** ISO 8601 date and time in UTC. */
  date(value: unknown, name: string): string {
    if (typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value))) return value;
    throw this.invalid(name);
  }

  /** Canonical standard base64. */
  bytes(value: unknown, name: string): Buffer {
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
    if (bytes === undefined) throw this.invalid(name);
    return bytes;
  }

  /** One SPKI PEM block; its contents are for the reader of keys to judge. */
  publicKeyPem(value: unknown, name: string): string {
    if (typeof value === 'string' && value.length <= MAX_PEM_CHARS && PUBLIC_KEY_PEM.test(value))
      return value;
    throw this.invalid(name);
  }

  /** The RequestId, empty when there is none: no reason to throw a good answer away. */
  requestId(value: unknown): string {
    return typeof value === 'string' ? serviceText(value, 128) : '';
  }

  /** The error for member `name`. */
  invalid(name: string): Error {
    return invalidResponse(`the answer to ${this.#action} lacks a valid ${JSON.stringify(name)}`, [
      'check --endpoint: this may not be the KMS service',
    ]);
  }
}
