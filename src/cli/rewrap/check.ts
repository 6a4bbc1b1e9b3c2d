/** `rewrap --check`: which files are not for exactly the keys of `--to`. Offline; nothing is opened, nothing changed. */
import { recognizeAge, RECOGNITION_BYTES } from '../../age/recognition.js';
import { parseKmsStanza } from '../../age/kms-stanza.js';
import { isAsPlanned } from '../../age/rewrap.js';
import { MAX_CIPHERTEXT_INPUT_BYTES, parseCiphertext } from '../../crypto/ciphertext.js';
import type { Input } from '../../io/input.js';
import { Peeked } from '../../io/peek.js';
import { describeStanza, type RecipientDescription } from '../recipient-description.js';
import { headerOf } from './age-rewrap.js';
import type { RewrapRun } from './rewrapping.js';

/** What a look at a file tells; the members of the object that `--json` prints. */
export interface Checked {
  /** `skipped` is what a directory holds beside age files. */
  readonly Status: 'current' | 'stale' | 'skipped';
  readonly Format?: 'age' | 'oaep';
  readonly Recipients?: readonly RecipientDescription[];
  /** Why it is stale, for people. */
  readonly Reason?: string;
}

/**
 * Looks at a file.
 *
 * @param isNamed - it is not just something that a directory holds
 * @throws KmsAsymError `invalid-ciphertext` for what is no encrypted file, and as reading does
 */
export async function checkFile({ plan }: RewrapRun, input: Input, isNamed: boolean): Promise<Checked> {
  const file = new Peeked(input.chunks());
  const encoding = recognizeAge((await file.peek(RECOGNITION_BYTES)).bytes);
  if (!encoding) return isNamed ? checkOaep(file, input.name) : { Status: 'skipped' };
  const { stanzas } = await headerOf(file.chunks(), encoding);
  const found = { Format: 'age', Recipients: stanzas.map(describeStanza) } as const;
  if (isAsPlanned(stanzas, plan)) return { Status: 'current', ...found };
  const present = stanzas.map(parseKmsStanza).filter((stanza) => stanza !== undefined);
  const names = present.map(({ locator, fingerprint }) => {
    return locator ? `key ${locator.keyId}, version ${locator.keyVersionId}` : `key SHA256:${fingerprint}`;
  });
  return {
    Status: 'stale',
    ...found,
    Reason: names.length > 0 ? `for ${names.join('; ')}` : 'for no KMS key',
  };
}

/** What is to be said of a file with a journal beside it: nobody but this program reads it before that is done. */
export function asUnfinished(checked: Checked): Checked {
  return {
    ...checked,
    Status: 'stale',
    Reason: 'in the middle of a rewrap; if that was interrupted, the next one finishes it',
  };
}

async function checkOaep(file: Peeked, name: string): Promise<Checked> {
  const { bytes, truncated } = await file.peek(MAX_CIPHERTEXT_INPUT_BYTES);
  parseCiphertext(bytes, name, truncated);
  return { Status: 'stale', Format: 'oaep', Reason: 'raw RSA ciphertext, which names no key' };
}
