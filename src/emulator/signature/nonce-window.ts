/** The nonces that were used, for as long as a request with them could still be in time. */
import { createHash } from 'node:crypto';

/** Remembers nonces per access key. */
export class NonceWindow {
  readonly #expiries = new Map<string, number>();
  #nextSweepMs = 0;

  /** How many nonces are remembered. */
  get size(): number {
    return this.#expiries.size;
  }

  /**
   * Marks a nonce as used until `expiresMs`; `nowMs` is the present, both in milliseconds since the epoch.
   * Returns false when it was used already.
   */
  burn(accessKeyId: string, nonce: string, nowMs: number, expiresMs: number): boolean {
    this.#sweep(nowMs);
    // A digest, because the nonce is a slice of the request and would keep all of it in memory.
    const key = createHash('sha256').update(`${accessKeyId}\n${nonce}`).digest().toString('latin1');
    if ((this.#expiries.get(key) ?? -Infinity) >= nowMs) return false;
    this.#expiries.set(key, expiresMs);
    return true;
  }

  #sweep(nowMs: number): void {
    if (nowMs < this.#nextSweepMs) return;
    this.#nextSweepMs = nowMs + 60_000;
    for (const [key, expiresMs] of this.#expiries) if (expiresMs < nowMs) this.#expiries.delete(key);
  }
}
