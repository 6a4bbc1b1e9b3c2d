/**
 * The file key of an age file (C2SP age.md), from its header. Invariant: nobody gets a key before the header's MAC was
 * verified under it.
 */
import { KmsAsymError } from '../errors.js';
import { wipe } from './file-key.js';
import { verifyHeader, type Header } from './header.js';
import { KMS_STANZA_TYPE } from './kms-stanza.js';
import type { Identity } from './recipient.js';
import type { Stanza } from './stanza.js';
import { X25519_STANZA_TYPE } from './x25519.js';

/**
 * The file key of a file; the identities are asked in order, and the first that finds a key decides.
 *
 * @returns 16 bytes under which the header is authentic; whoever has them wipes them
 * @throws KmsAsymError `invalid-ciphertext` for a malformed stanza, `undecryptable` when the file is for others only or its
 * MAC is wrong; when no identity found a key, what the first of them threw that threw
 */
export async function openHeader(identities: readonly Identity[], header: Header): Promise<Uint8Array> {
  const failures: KmsAsymError[] = [];
  for (const identity of identities) {
    const fileKey = await identity.unwrap(header.stanzas).catch((error: unknown) => {
      if (!(error instanceof KmsAsymError) || error.code === 'invalid-ciphertext') throw error;
      failures.push(error);
      return undefined;
    });
    if (!fileKey) continue;
    if (verifyHeader(header, fileKey)) return fileKey;
    wipe(fileKey);
    throw new KmsAsymError('undecryptable', 'the MAC of the age header is wrong: the header was changed');
  }
  throw failures[0] ?? forOthers(header.stanzas);
}

function forOthers(stanzas: readonly Stanza[]): KmsAsymError {
  const has = (wanted: string): boolean => stanzas.some(({ type }) => type === wanted);
  const hints = [
    // A KMS identity says itself why it does not open a stanza of its own.
    ...(has(KMS_STANZA_TYPE) ? ['leave -i out to open it through KMS'] : []),
    ...(has(X25519_STANZA_TYPE) ? ['-i KEY-FILE opens it, if it is for one of your age identities'] : []),
    ...(has('scrypt') ? ['whoever knows the passphrase opens it with age: age --decrypt FILE'] : []),
  ];
  return new KmsAsymError('undecryptable', `no key at hand opens the file: it is for ${nameTypes(stanzas)}`, {
    hints: hints.length > 0 ? hints : ['if that is you, use age: age --decrypt -i KEY-FILE FILE'],
  });
}

const MAX_NAMED_TYPES = 8;
const MAX_TYPE_LENGTH = 40;

/** What stands in a header, bounded: a message is no place for a megabyte. */
function nameTypes(stanzas: readonly Stanza[]): string {
  const types = [...new Set(stanzas.map(({ type }) => type))];
  const named = types.slice(0, MAX_NAMED_TYPES).map((type) => `"${type.slice(0, MAX_TYPE_LENGTH)}"`);
  return `${named.join(', ')}${types.length > MAX_NAMED_TYPES ? ', …' : ''}`;
}
