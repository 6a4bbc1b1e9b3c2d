/** Bech32 (BIP 173) as age writes its keys: of any length, and in one case throughout. */
import { bech32 } from '@scure/base';

/** What a Bech32 text holds. */
export interface Bech32 {
  /** The human-readable part, in the case it was written in: `age`, `AGE-SECRET-KEY-`. */
  readonly prefix: string;
  readonly bytes: Uint8Array;
}

/** Reads Bech32; `undefined` when the checksum is wrong, the case is mixed, or it is anything else. */
export function decodeBech32(text: string): Bech32 | undefined {
  try {
    const { words } = bech32.decode(text as `${string}1${string}`, false);
    return { prefix: text.slice(0, text.lastIndexOf('1')), bytes: bech32.fromWords(words) };
  } catch {
    return undefined;
  }
}

/** Writes Bech32, in the case of the human-readable part. */
export function encodeBech32({ prefix, bytes }: Bech32): string {
  const text = bech32.encode(prefix, bech32.toWords(bytes), false);
  return prefix === prefix.toUpperCase() ? text.toUpperCase() : text;
}
