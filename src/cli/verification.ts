/** `encrypt --verify`: the service decrypts what was made before anybody relies on it. */
import { timingSafeEqual } from 'node:crypto';
import { wipe } from '../age/file-key.js';
import { HeaderParser } from '../age/header.js';
import { parseKmsStanza, type KmsStanza } from '../age/kms-stanza.js';
import { DEFAULT_OAEP_ALGORITHM } from '../crypto/algorithms.js';
import type { KeyLocator } from '../crypto/public-key-file.js';
import { KmsAsymError } from '../errors.js';
import type { Encryption } from './encryption.js';
import type { NamedKey } from './encryption-keys.js';
import { ServiceUnwrap } from './service-unwrap.js';

/**
 * Lets every KMS key of a header unwrap the file key.
 *
 * @throws KmsAsymError what stopped one of them, or `undecryptable` when one answers something else
 */
export async function verifyHeader(
  encryption: Encryption,
  header: Uint8Array,
  fileKey: Uint8Array,
): Promise<void> {
  const stanzas = new HeaderParser().push(header)?.stanzas ?? [];
  const kms = stanzas.map(parseKmsStanza).filter((stanza) => stanza !== undefined);
  if (kms.length === 0) {
    throw new KmsAsymError('usage', '--verify asks KMS, but no recipient is a KMS key', {
      hints: ['leave --verify out, or add --public-key FILE'],
    });
  }
  for (const stanza of kms) await verify(encryption, stanza, fileKey);
}

/** As {@link verifyHeader}, for one RSA ciphertext. */
export async function verifyOaep(
  encryption: Encryption,
  { key }: NamedKey,
  ciphertext: Uint8Array,
  plaintext: Uint8Array,
): Promise<void> {
  await verify(
    encryption,
    { algorithm: DEFAULT_OAEP_ALGORITHM, fingerprint: key.fingerprint, ciphertext },
    plaintext,
  );
}

async function verify(encryption: Encryption, stanza: KmsStanza, expected: Uint8Array): Promise<void> {
  const { keys, options, context, clients } = encryption;
  const used = keys.find(({ key }) => key.fingerprint === stanza.fingerprint);
  const name = used?.name ?? stanza.fingerprint;
  const demand = { fingerprints: [], locate: (): KeyLocator => locatorOf(used) };
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
    throw unverified(error, name);
  }
}

function locatorOf({ keyId, keyVersionId, region }: Partial<NamedKey> = {}): KeyLocator {
  return {
    ...(keyId !== undefined && { keyId }),
    ...(keyVersionId !== undefined && { keyVersionId }),
    ...(region !== undefined && { region }),
  };
}

function unverified(error: unknown, name: string): unknown {
  if (!(error instanceof KmsAsymError)) return error;
  return new KmsAsymError(
    error.code,
    `nothing was written, since --verify failed for "${name}": ${error.message}`,
    {
      hints: error.hints,
      cause: error,
      ...(error.service && { service: error.service }),
    },
  );
}
