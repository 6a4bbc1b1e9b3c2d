/** Sizes of a payload (C2SP age.md, "Payload"): every byte count of plaintext has exactly one of ciphertext. */
import { CHUNK_BYTES, NONCE_BYTES, SEALED_CHUNK_BYTES, TAG_BYTES } from './chunk.js';

/** Bytes of the payload, nonce and tags included, of a plaintext of `plaintextBytes` bytes. */
export function payloadSize(plaintextBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plaintextBytes / CHUNK_BYTES));
  return NONCE_BYTES + plaintextBytes + chunks * TAG_BYTES;
}

/** Bytes of plaintext in a payload of `payloadBytes` bytes, or `undefined` when no payload is that long. */
export function plaintextSize(payloadBytes: number): number | undefined {
  const sealed = payloadBytes - NONCE_BYTES;
  const chunks = Math.max(1, Math.ceil(sealed / SEALED_CHUNK_BYTES));
  const plaintextBytes = sealed - chunks * TAG_BYTES;
  return plaintextBytes >= 0 && payloadSize(plaintextBytes) === payloadBytes ? plaintextBytes : undefined;
}
