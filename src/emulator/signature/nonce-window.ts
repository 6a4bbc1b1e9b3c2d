/**
 * The nonces that were used, for as long as a request with them could still be in time. A busy client burns a hundred
 * thousand of them meanwhile, so each takes 16 bytes of a hash table with open addressing, not a string: 52 bits of a
 * digest and a date. Two nonces out of a million are mistaken for each other once in some nine thousand such windows.
 */
import { hash } from 'node:crypto';

/** Slots of the smallest table. */
const SMALLEST = 1024;

/** Slots per nonce after a rebuild; the next one is due when this share of the slots is taken. */
const ROOM = 1.5;
const FULL = 0.85;

/** Hexadecimal digits of a digest, as many as a number holds. */
const DIGEST_DIGITS = 13;

/** How often expired nonces are forgotten, in milliseconds. */
const SWEEP_MS = 60_000;

/** Remembers nonces per access key. */
export class NonceWindow {
  /** 0 is a free slot. */
  #digests = new Float64Array(SMALLEST);
  #expiries = new Float64Array(SMALLEST);
  #size = 0;
  #nextSweepMs = 0;

  /** How many nonces are remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * Marks a nonce as used until `expiresMs`; `nowMs` is the present, both in milliseconds since the epoch.
   * Returns false when it was used already.
   */
  burn(accessKeyId: string, nonce: string, nowMs: number, expiresMs: number): boolean {
    if (nowMs >= this.#nextSweepMs || this.#size >= FULL * this.#digests.length) this.#rebuild(nowMs);
    const digest = digestOf(`${accessKeyId}\n${nonce}`);
    const slot = this.#slotOf(digest);
    const isKnown = this.#digests[slot] === digest;
    if (isKnown && (this.#expiries[slot] ?? 0) >= nowMs) return false;
    if (!isKnown) this.#size += 1;
    this.#digests[slot] = digest;
    this.#expiries[slot] = expiresMs;
    return true;
  }

  /** Where the digest is, or would be. */
  #slotOf(digest: number): number {
    const { length } = this.#digests;
    let slot = digest % length;
    while (this.#digests[slot] !== 0 && this.#digests[slot] !== digest) slot = (slot + 1) % length;
    return slot;
  }

  /** Leaves out what has expired. */
  #rebuild(nowMs: number): void {
    const [digests, expiries] = [this.#digests, this.#expiries];
    const isAlive = (slot: number): boolean => digests[slot] !== 0 && (expiries[slot] ?? 0) >= nowMs;
    this.#size = 0;
    for (let slot = 0; slot < digests.length; slot += 1) if (isAlive(slot)) this.#size += 1;
    const capacity = Math.max(SMALLEST, Math.ceil(ROOM * this.#size));
    this.#digests = new Float64Array(capacity);
    this.#expiries = new Float64Array(capacity);
    for (const [slot, digest] of digests.entries()) {
      if (!isAlive(slot)) continue;
      const target = this.#slotOf(digest);
      this.#digests[target] = digest;
      this.#expiries[target] = expiries[slot] ?? 0;
    }
    this.#nextSweepMs = nowMs + SWEEP_MS;
  }
}

/** A whole number from 1 to 2^52. */
function digestOf(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, DIGEST_DIGITS), 16) + 1;
}
