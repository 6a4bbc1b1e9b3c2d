/** How `--json` and `inspect` describe who can open a file; members are named as the service names them. */
import { parseKmsStanza } from '../age/kms-stanza.js';
import type { Stanza } from '../age/stanza.js';
import { DEFAULT_OAEP_ALGORITHM, rsaKeySpecOfSize } from '../crypto/algorithms.js';
import type { NamedKey } from './encryption-keys.js';

/** Who can open a file; what is not known is absent. */
export interface RecipientDescription {
  /** Type of the stanza in an age file; `RSA` for raw ciphertext. */
  readonly Type: string;
  readonly KeySpec?: string | undefined;
  readonly Algorithm?: string | undefined;
  /** With its `SHA256:`. */
  readonly Fingerprint?: string | undefined;
  readonly Region?: string | undefined;
  readonly KeyId?: string | undefined;
  readonly KeyVersionId?: string | undefined;
}

/**
 * What a stanza says.
 *
 * @throws KmsAsymError `invalid-ciphertext` for a malformed one of a KMS key
 */
export function describeStanza(stanza: Stanza): RecipientDescription {
  const kms = parseKmsStanza(stanza);
  if (!kms) return { Type: stanza.type };
  const { algorithm, fingerprint, locator, ciphertext } = kms;
  return {
    Type: stanza.type,
    KeySpec: rsaKeySpecOfSize(ciphertext.length),
    Algorithm: algorithm,
    Fingerprint: `SHA256:${fingerprint}`,
    Region: locator?.region,
    KeyId: locator?.keyId,
    KeyVersionId: locator?.keyVersionId,
  };
}

/** What is known about the key of a raw ciphertext that was just made. */
export function describeKey({ key, keyId, keyVersionId, region }: NamedKey): RecipientDescription {
  return {
    Type: 'RSA',
    KeySpec: key.keySpec,
    Algorithm: DEFAULT_OAEP_ALGORITHM,
    Fingerprint: `SHA256:${key.fingerprint}`,
    Region: region,
    KeyId: keyId,
    KeyVersionId: keyVersionId,
  };
}
