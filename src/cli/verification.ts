/** `--verify`: the service decrypts what was made before anybody relies on it. */
import { timingSafeEqual } from 'node:crypto';
import { ByteReader } from '../age/byte-stream.js';
import { wipe } from '../age/file-key.js';
import { readHeader } from '../age/header.js';
import { parseKmsStanza, type KmsStanza } from '../age/kms-stanza.js';
import { DEFAULT_OAEP_ALGORITHM } from '../crypto/algorithms.js';
import { locatorOf, type KeyLocator } from '../crypto/key-locator.js';
import { KmsAsymError, reworded } from '../errors.js';
import type { Context } from './context.js';
import type { NamedKey } from './encryption-keys.js';
import type { KmsClients } from './kms-clients.js';
import type { GlobalOptions } from './options.js';
import { ServiceUnwrap } from './service-unwrap.js';

/** The keys that something was made for, and how to ask about them. */
export interface VerificationParts {
  readonly keys: readonly NamedKey[];
  readonly options: GlobalOptions;
  readonly context: Context;
  readonly clients: KmsClients;
}

/**
 * Lets every KMS key of a header unwrap the file key.
 *
 * @param parts - other keys that the header has too are not asked
 * @throws KmsAsymError what stopped one of them, or `undecryptable` when one answers something else
 */
export async function verifyHeader(
  parts: VerificationParts,
  header: Uint8Array,
  fileKey: Uint8Array,
): Promise<void> {
  const { stanzas } = await readHeader(new ByteReader([header]));
  const kms = stanzas.map(parseKmsStanza).filter((stanza) => stanza !== undefined);
  if (kms.length === 0) {
    throw new KmsAsymError('usage', '--verify asks KMS, but no recipient is a KMS key', {
      hints: ['leave --verify out, or add --public-key FILE'],
    });
  }
  for (const stanza of kms) {
    const key = parts.keys.find((each) => each.key.fingerprint === stanza.fingerprint);
    // What it says of the key comes from there too, and so do mistakes.
    const { locator: _same, ...unlocated } = stanza;
    if (key) await verify(parts, key, unlocated, fileKey);
  }
}

/** As {@link verifyHeader}, for one RSA ciphertext. */
export async function verifyOaep(
  parts: VerificationParts,
  named: NamedKey,
  ciphertext: Uint8Array,
  plaintext: Uint8Array,
): Promise<void> {
  const stanza = { algorithm: DEFAULT_OAEP_ALGORITHM, fingerprint: named.key.fingerprint, ciphertext };
  await verify(parts, named, stanza, plaintext);
}

async function verify(
  { options, context, clients }: VerificationParts,
  named: NamedKey,
  stanza: KmsStanza,
  expected: Uint8Array,
): Promise<void> {
  if (named.keyId === undefined) throw nameless(named);
  const demand = { fingerprints: [], locate: (): KeyLocator => locatorOf(named) };
  try {
    const answer = await new ServiceUnwrap({
      clients,
      options,
      context,
      demand,
      name: 'the ciphertext',
    }).unwrap(stanza);
    const isRight = answer.length === expected.length && timingSafeEqual(answer, expected);
    wipe(answer);
    if (!isRight) throw new KmsAsymError('undecryptable', 'KMS decrypts it to something else');
  } catch (error) {
    throw unverified(error, named.name);
  }
}

function nameless({ name }: NamedKey): KmsAsymError {
  return new KmsAsymError('usage', `--verify asks KMS, but "${name}" does not say which key it is`, {
    hints: ['--key-id ID', 'or a file that says it: kms-asym get-public-key --key-id ID -o FILE'],
  });
}

function unverified(error: unknown, name: string): unknown {
  return reworded(error, ({ message }) => ({
    message: `nothing was written, since --verify failed for "${name}": ${message}`,
  }));
}
