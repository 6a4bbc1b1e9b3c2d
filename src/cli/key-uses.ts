/**
 * Which files need a key, by what they say of themselves. Offline: nothing is opened, and nothing is believed that
 * would speak against a need.
 */
import { parseKmsStanza } from '../age/kms-stanza.js';
import { recognizeAge, RECOGNITION_BYTES } from '../age/recognition.js';
import { rsaKeySpecOfSize } from '../crypto/algorithms.js';
import { ageAccident } from '../crypto/ciphertext-accident.js';
import { MAX_CIPHERTEXT_INPUT_BYTES, parseCiphertext } from '../crypto/ciphertext.js';
import { KmsAsymError, namedError } from '../errors.js';
import { openRegularInput } from '../io/input.js';
import { Peeked } from '../io/peek.js';
import { walk } from '../io/walk.js';
import { headerOf } from './rewrap/age-rewrap.js';

/** What tells a key from others. */
export interface KeyMarks {
  readonly keyId: string;
  /** Of every version. */
  readonly fingerprints: readonly string[];
  /** As the service spells it; absent when it is not known. */
  readonly keySpec: string | undefined;
}

/** What was found. */
export interface KeyUses {
  /** How many files were looked at. */
  readonly files: number;
  /** Paths of those whose headers name the key. */
  readonly certain: readonly string[];
  /** Paths of raw ciphertexts of the key's length, which name no key. */
  readonly possible: readonly string[];
}

/**
 * Looks at files, and at every file in directories.
 *
 * @throws KmsAsymError as reading does, and `invalid-ciphertext` for a damaged header, or an age file as base64 or UTF-16:
 * nobody knows what such files need
 */
export async function findKeyUses(paths: readonly string[], key: KeyMarks): Promise<KeyUses> {
  const found = { certain: [] as string[], possible: [] as string[] };
  let files = 0;
  for (const { path, isNamed, error } of walk(paths)) {
    if (error) throw error;
    files += 1;
    const need = await needOf(path, isNamed, key);
    if (need) found[need].push(path);
  }
  return { files, ...found };
}

async function needOf(
  path: string,
  isNamed: boolean,
  key: KeyMarks,
): Promise<'certain' | 'possible' | undefined> {
  const input = openRegularInput(path, isNamed);
  try {
    const file = new Peeked(input.chunks());
    const encoding = recognizeAge((await file.peek(RECOGNITION_BYTES)).bytes);
    if (!encoding) return (await isCiphertextOf(file, path, key)) ? 'possible' : undefined;
    const stanzas = (await headerOf(file.chunks(), encoding)).stanzas.map(parseKmsStanza);
    const isNeeded = stanzas.some((stanza) => {
      return stanza && (stanza.locator?.keyId === key.keyId || key.fingerprints.includes(stanza.fingerprint));
    });
    return isNeeded ? 'certain' : undefined;
  } catch (error) {
    throw namedError(path, error);
  } finally {
    input.close();
  }
}

/** Whether it can be raw ciphertext of a key of this size. */
async function isCiphertextOf(file: Peeked, name: string, { keySpec }: KeyMarks): Promise<boolean> {
  const { bytes, truncated } = await file.peek(MAX_CIPHERTEXT_INPUT_BYTES);
  const accident = ageAccident(bytes, name);
  if (accident) throw accident;
  try {
    const ciphertext = parseCiphertext(bytes, name, truncated);
    return keySpec === undefined || keySpec === rsaKeySpecOfSize(ciphertext.bytes.length);
  } catch (error) {
    if (error instanceof KmsAsymError) return false;
    throw error;
  }
}
