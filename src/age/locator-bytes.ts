/**
 * Where a key is, as recipient and identity strings spell it: region, KeyId and KeyVersionId, in this order, each a
 * byte that says how long it is and then as many characters of ASCII. A length of 0 means that it is not said.
 */
import { asBuffer } from '../crypto/encoding.js';
import { LOCATOR_PARTS, LOCATOR_SHAPES, type KeyLocator } from '../crypto/key-locator.js';

/** A locator, and what follows it. */
export interface LocatorAndRest {
  readonly locator: KeyLocator;
  readonly rest: Uint8Array;
}

/** The bytes of a locator, or `undefined` when one of its parts has not the shape of one. */
export function encodeLocator(locator: KeyLocator): Buffer | undefined {
  const parts = LOCATOR_PARTS.map((part) => {
    const text = locator[part];
    return text === undefined || LOCATOR_SHAPES[part].test(text) ? (text ?? '') : undefined;
  });
  if (parts.includes(undefined)) return undefined;
  return Buffer.concat(parts.map((text = '') => Buffer.from([text.length, ...Buffer.from(text, 'latin1')])));
}

/** Reads a locator, or returns `undefined` when the bytes end too early or a part has not the shape of one. */
export function decodeLocator(bytes: Uint8Array): LocatorAndRest | undefined {
  const locator: { -readonly [Part in keyof KeyLocator]: KeyLocator[Part] } = {};
  let rest = asBuffer(bytes);
  for (const part of LOCATOR_PARTS) {
    const end = 1 + (rest[0] ?? rest.length);
    if (end > rest.length) return undefined;
    const text = rest.toString('latin1', 1, end);
    rest = rest.subarray(end);
    if (text === '') continue;
    if (!LOCATOR_SHAPES[part].test(text)) return undefined;
    locator[part] = text;
  }
  return { locator, rest };
}
