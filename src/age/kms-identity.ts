/**
 * Opens files through KMS. How a stanza becomes a call is injected, so this file knows no network; it keeps the
 * rules: all stanzas are checked before the first call, and no header buys more than a handful of calls.
 */
import type { KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError } from '../errors.js';
import { FILE_KEY_BYTES, wipe } from './file-key.js';
import { parseKmsStanza, type KmsStanza } from './kms-stanza.js';
import type { Identity } from './recipient.js';
import type { Stanza } from './stanza.js';
import { X25519_STANZA_TYPE } from './x25519.js';

/** Most calls for one file. */
export const MAX_UNWRAP_CALLS = 4;

/** A stanza that is worth a call. */
export interface Candidate extends KmsStanza {
  /** Where the key may be of a stanza that does not say it. */
  readonly guess?: KeyLocator;
}

/**
 * Decrypts the ciphertext of a stanza.
 *
 * @returns what was encrypted, which need not be a file key: anybody can encrypt to a public key; `undefined` when the
 * stanza turns out to be for somebody else, which is no error
 * @throws KmsAsymError when the stanza cannot be opened; the next one is tried. Anything else ends the attempt.
 */
export type Unwrap = (stanza: Candidate) => Promise<Uint8Array | undefined>;

/**
 * Chooses the stanzas that are worth a call, in the order of trying.
 *
 * @param stanzas - at least one
 * @throws KmsAsymError when none is
 */
export type Select = (stanzas: readonly KmsStanza[]) => Promise<readonly Candidate[]>;

/** Opens files that are encrypted to a KMS key; by default to any. */
export class KmsIdentity implements Identity {
  constructor(
    private readonly unwrapStanza: Unwrap,
    private readonly select: Select = (stanzas) => Promise.resolve(stanzas),
  ) {}

  /**
   * Tries the stanzas of KMS keys that were selected.
   *
   * @throws KmsAsymError `invalid-ciphertext` when one of them is malformed; what stopped the first of them when
   * none could be opened, with a hint for each
   */
  async unwrap(stanzas: readonly Stanza[]): Promise<Uint8Array | undefined> {
    const present = stanzas.map(parseKmsStanza).filter((stanza) => stanza !== undefined);
    const all = present.length === 0 ? [] : await this.select(present);
    const failures: Failure[] = [];
    for (const stanza of all.slice(0, MAX_UNWRAP_CALLS)) {
      try {
        const plaintext = await this.unwrapStanza(stanza);
        if (plaintext) return requireFileKey(plaintext);
      } catch (error) {
        if (!(error instanceof KmsAsymError)) throw error;
        failures.push({ stanza, error });
      }
    }
    const [first] = failures;
    if (!first) return undefined;
    throw withOtherWays(all.length === 1 ? first.error : summarize(all, failures, first.error), stanzas);
  }
}

interface Failure {
  readonly stanza: KmsStanza;
  readonly error: KmsAsymError;
}

function requireFileKey(plaintext: Uint8Array): Uint8Array {
  if (plaintext.length === FILE_KEY_BYTES) return plaintext;
  wipe(plaintext);
  throw new KmsAsymError(
    'undecryptable',
    `what the stanza wraps is ${plaintext.length} bytes long, but a file key has ${FILE_KEY_BYTES}`,
  );
}

/** What opens the file although KMS does not. */
function withOtherWays(error: KmsAsymError, stanzas: readonly Stanza[]): KmsAsymError {
  if (!stanzas.some(({ type }) => type === X25519_STANZA_TYPE)) return error;
  const { code, message, hints, service } = error;
  return new KmsAsymError(code, message, {
    hints: [...hints, 'the file is for an age key too: -i KEY-FILE opens it without KMS'],
    cause: error,
    service,
  });
}

function summarize(
  all: readonly KmsStanza[],
  failures: readonly Failure[],
  first: KmsAsymError,
): KmsAsymError {
  const untried = Math.max(0, all.length - MAX_UNWRAP_CALLS);
  const tried = untried > 0 ? `first ${MAX_UNWRAP_CALLS} of ${all.length}` : all.length;
  return new KmsAsymError(first.code, `none of the ${tried} stanzas for KMS keys could be opened`, {
    hints: [
      ...failures.map(({ stanza, error }) => `${nameOf(stanza)}: ${describe(error)}`),
      ...(untried > 0 ? [`${untried} more were not tried: a file is worth ${MAX_UNWRAP_CALLS} calls`] : []),
      ...new Set(failures.flatMap(({ error }) => error.hints)),
    ],
    cause: new AggregateError(failures.map(({ error }) => error)),
    service: first.service,
  });
}

function describe({ message, service }: KmsAsymError): string {
  return service ? `${message} (${service.code}, RequestId ${service.requestId})` : message;
}

function nameOf({ locator, fingerprint }: KmsStanza): string {
  return locator ? `key "${locator.keyId}"` : `key SHA256:${fingerprint}`;
}
