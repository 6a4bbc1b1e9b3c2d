/**
 * The stanza of a KMS key. Its first line is `-> alikms Algorithm Fingerprint`, and then `Region KeyId KeyVersionId`
 * if whoever encrypted knew them all.
 *
 * Its body is the file key, encrypted by `Algorithm` (a wire name of the service) with an empty label, so that one
 * AsymmetricDecrypt call opens it; `Fingerprint` is unpadded base64 of SHA-256 over the SubjectPublicKeyInfo. No
 * endpoint and no alias is ever part of it: the one would send requests to strangers, the other moves.
 */
import {
  DEFAULT_OAEP_ALGORITHM,
  isOaepAlgorithm,
  rsaKeySpecOfSize,
  type OaepAlgorithmName,
} from '../crypto/algorithms.js';
import { LOCATOR_PARTS, LOCATOR_SHAPES, type KeyLocator } from '../crypto/key-locator.js';
import { encryptOaep } from '../crypto/oaep.js';
import { normalizeFingerprint, type EncryptionKey } from '../crypto/public-key.js';
import { KmsAsymError } from '../errors.js';
import type { Recipient } from './recipient.js';
import type { Stanza } from './stanza.js';

/** Type of the stanza, which is also the name of a plugin that opens it. */
export const KMS_STANZA_TYPE = 'alikms';

/** A stanza of a KMS key, its parts checked for their alphabets and lengths but not authenticated. */
export interface KmsStanza {
  readonly algorithm: OaepAlgorithmName;
  /** As {@link EncryptionKey.fingerprint}. */
  readonly fingerprint: string;
  /** Absent when whoever encrypted did not know it; then all of it must come from elsewhere. */
  readonly locator?: Required<KeyLocator>;
  /** The wrapped file key, as long as the key's modulus. */
  readonly ciphertext: Uint8Array;
}

/** Encrypts files to a KMS key; local and offline. */
export class KmsRecipient implements Recipient {
  readonly #key: EncryptionKey;
  readonly #locator: readonly string[];

  /**
   * @param locator - written into every file when it is complete, else left out
   * @throws KmsAsymError `usage` when the locator cannot stand in a file
   */
  constructor(key: EncryptionKey, { region, keyId, keyVersionId }: KeyLocator) {
    this.#key = key;
    const locator =
      region !== undefined && keyId !== undefined && keyVersionId !== undefined
        ? { region, keyId, keyVersionId }
        : undefined;
    const misshapen = locator && findMisshapen(locator);
    if (misshapen !== undefined) {
      throw new KmsAsymError('usage', `"${misshapen}" cannot stand in an age file`, {
        hints: ['a file names its key by region, KeyId and KeyVersionId, not by an alias or ARN'],
      });
    }
    this.#locator = locator ? LOCATOR_PARTS.map((part) => locator[part]) : [];
  }

  /** Whether a stanza says that it is for this key: for this version of it too, where that is known here. */
  isNamedBy({ algorithm, fingerprint, locator, ciphertext }: KmsStanza): boolean {
    const named = locator && LOCATOR_PARTS.map((part) => locator[part]);
    return (
      algorithm === DEFAULT_OAEP_ALGORITHM &&
      fingerprint === this.#key.fingerprint &&
      ciphertext.length === this.#key.modulusBytes &&
      this.#locator.every((part, index) => part === named?.[index])
    );
  }

  wrap(fileKey: Uint8Array): Stanza[] {
    return [
      {
        type: KMS_STANZA_TYPE,
        args: [DEFAULT_OAEP_ALGORITHM, this.#key.fingerprint, ...this.#locator],
        body: encryptOaep(this.#key, fileKey),
      },
    ];
  }
}

/**
 * Reads a stanza, or returns `undefined` when it is of another type. Opens nothing, asks nobody.
 *
 * @throws KmsAsymError `invalid-ciphertext`
 */
export function parseKmsStanza({ type, args, body }: Stanza): KmsStanza | undefined {
  if (type !== KMS_STANZA_TYPE) return undefined;
  if (args.length !== 2 && args.length !== 5) throw malformed(`has ${args.length} arguments, not 2 or 5`);
  const [algorithm = '', fingerprint = '', region = '', keyId = '', keyVersionId = ''] = args;
  if (!isOaepAlgorithm(algorithm)) throw malformed('names an algorithm that this program does not know');
  if (normalizeFingerprint(fingerprint) !== fingerprint) throw malformed('has a malformed fingerprint');
  if (!rsaKeySpecOfSize(body.length)) throw malformed(`has a body of ${body.length} bytes`);
  const stanza = { algorithm, fingerprint, ciphertext: body };
  if (args.length === 2) return stanza;
  const locator = { region, keyId, keyVersionId };
  if (findMisshapen(locator) !== undefined) throw malformed('has a malformed region or key id');
  return { ...stanza, locator };
}

/** The first part of a locator that has not the shape it must have. */
function findMisshapen(locator: Required<KeyLocator>): string | undefined {
  const part = LOCATOR_PARTS.find((each) => !LOCATOR_SHAPES[each].test(locator[each]));
  return part && locator[part];
}

function malformed(problem: string): KmsAsymError {
  return new KmsAsymError(
    'invalid-ciphertext',
    `the "${KMS_STANZA_TYPE}" stanza in the age header ${problem}`,
  );
}
