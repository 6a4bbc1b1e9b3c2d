/** A result that stays in memory: for what must not be written anywhere. */
import { KmsAsymError } from '../errors.js';
import type { Output } from './output.js';

/** Holds what is written, up to a bound. */
export class MemoryOutput implements Output {
  readonly isReleased = false;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** @param name - what to call it in messages: the input it is made of */
  constructor(
    readonly name: string,
    private readonly maxBytes: number,
  ) {}

  /** Nothing can stand in its way. */
  check(): void {
    // Memory is always there.
  }

  /** Keeps a copy; rejects with `input-too-large` beyond the bound. */
  write(bytes: Uint8Array): Promise<void> {
    this.#length += bytes.length;
    if (this.#length > this.maxBytes) {
      return Promise.reject(
        new KmsAsymError('input-too-large', `"${this.name}" holds more than ${this.maxBytes} bytes`),
      );
    }
    this.#chunks.push(Uint8Array.from(bytes));
    return Promise.resolve();
  }

  /** Keeps what is there. */
  commit(): Promise<void> {
    return Promise.resolve();
  }

  /** Keeps what is there too: whoever failed does not ask for it. */
  abort(): void {
    // There is no file to take away.
  }

  /** All that was written. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#length);
  }
}
