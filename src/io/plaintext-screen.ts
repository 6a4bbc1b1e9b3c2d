/**
 * Plaintext on a terminal. Whoever made the ciphertext chose these bytes, and escape sequences command terminals, so
 * nothing is shown before all of it is known to be printable text.
 */
import { KmsAsymError } from '../errors.js';
import type { ByteSink } from './stdio.js';

const MAX_SCREEN_BYTES = 1024 * 1024;
/** C0 except tab, line feed and carriage return; DEL; C1; the controls that reorder text. */
// eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Holds bytes back until the end, then shows all or refuses. */
export class PlaintextScreen {
  readonly isFinal = false;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(private readonly terminal: ByteSink) {}

  /** @throws KmsAsymError `terminal` when it is more than a person would read */
  write(bytes: Uint8Array): Promise<void> {
    this.#length += bytes.length;
    if (this.#length > MAX_SCREEN_BYTES) return Promise.reject(refusal('is long'));
    this.#chunks.push(Buffer.from(bytes));
    return Promise.resolve();
  }

  /** @throws KmsAsymError `terminal` for anything but printable text; nothing is shown then */
  async commit(): Promise<void> {
    const bytes = Buffer.concat(this.#chunks);
    if (!isPrintable(bytes)) throw refusal('is not printable text');
    await this.terminal.write(bytes);
  }

  /** Forgets what was held back. */
  abort(): void {
    this.#chunks = [];
  }
}

function isPrintable(bytes: Uint8Array): boolean {
  try {
    return !UNPRINTABLE.test(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
}

function refusal(what: string): KmsAsymError {
  return new KmsAsymError('terminal', `the plaintext ${what}, and stdout is a terminal`, {
    hints: ['-o FILE', '-o - to write to the terminal all the same'],
  });
}
