/** Raw RSA-OAEP ciphertext in `decrypt`: it does not say which key it is for, so somebody else must. */
import { DEFAULT_OAEP_ALGORITHM } from '../crypto/algorithms.js';
import { ageAccident } from '../crypto/ciphertext-accident.js';
import { MAX_CIPHERTEXT_INPUT_BYTES, parseCiphertext, type Ciphertext } from '../crypto/ciphertext.js';
import { checkFingerprint } from '../crypto/public-key-file.js';
import { requireEncryptionKey } from '../crypto/public-key.js';
import { KmsAsymError } from '../errors.js';
import type { Decrypted, Decryption, DecryptOptions } from './decryption.js';
import { chooseKeySource, requireLocator, type KeySource, type NamedPublicKeyFile } from './key-source.js';
import { decryptThroughKms } from './kms-decrypt.js';
import { chooseRegion } from './settings.js';

/**
 * Decrypts the whole input.
 *
 * @throws KmsAsymError `usage` when nobody names a key, `invalid-ciphertext`, `key-mismatch`; as {@link decryptThroughKms},
 * reading and writing do
 */
export async function decryptOaep(decryption: Decryption): Promise<Decrypted> {
  const { run, input, output } = decryption;
  const { options, context, clients } = run;
  const { bytes, truncated } = await decryption.ciphertext.peek(MAX_CIPHERTEXT_INPUT_BYTES);
  const accident = ageAccident(bytes, input.name);
  if (accident) throw accident;
  // What is no ciphertext at all is that first, whatever key was named for it.
  const ciphertext = parseCiphertext(bytes, input.name, truncated);
  if (options.identity) throw notForIdentities(input.name);
  run.oaepKey ??= chooseKeySource(options, context.env, [
    `"${input.name}" is raw RSA ciphertext, which does not say its key`,
  ]);
  const source = run.oaepKey;
  const { region: known, ...key } = requireLocator(source, 'decrypts');
  requireFitting(ciphertext, source, options, input.name);
  const region = chooseRegion(options, context.env, known);
  const algorithm = options.algorithm ?? DEFAULT_OAEP_ALGORITHM;
  const answer = await decryptThroughKms(await clients.in(region), {
    key,
    algorithm,
    ciphertext: ciphertext.bytes,
    name: input.name,
    isAlgorithmChosen: true,
  });
  await output.write(answer.plaintext);
  await output.commit();
  return {
    Format: 'oaep',
    Encoding: ciphertext.encoding,
    Algorithm: algorithm,
    KeyId: answer.keyId,
    KeyVersionId: answer.keyVersionId,
    Region: region,
    CiphertextBytes: ciphertext.bytes.length,
    PlaintextBytes: answer.plaintext.length,
    RequestId: answer.requestId,
  };
}

function notForIdentities(name: string): KmsAsymError {
  return new KmsAsymError('usage', `"${name}" is no age file, so -i cannot open it`, {
    hints: ['raw RSA ciphertext is opened by KMS: --public-key FILE or --key-id ID'],
  });
}

function requireFitting(
  ciphertext: Ciphertext,
  source: KeySource,
  { expectFingerprint }: DecryptOptions,
  name: string,
): void {
  if (!('file' in source)) {
    if (expectFingerprint === undefined) return;
    throw new KmsAsymError('usage', 'raw RSA ciphertext names no fingerprint to compare', {
      hints: ['leave --expect-fingerprint out, or name the key by --public-key FILE'],
    });
  }
  if (expectFingerprint !== undefined) {
    checkFingerprint(source.file.publicKey, expectFingerprint, source.file.fileName);
  }
  requireLength(ciphertext, source.file, name);
}

function requireLength({ bytes }: Ciphertext, file: NamedPublicKeyFile, name: string): void {
  const key = requireEncryptionKey(file.publicKey, file.fileName);
  if (key.modulusBytes === bytes.length) return;
  throw new KmsAsymError(
    'key-mismatch',
    `"${name}" holds a ciphertext of ${bytes.length} bytes, but the ${key.keySpec} key of ` +
      `"${file.fileName}" makes ${key.modulusBytes}`,
    { hints: ['it was encrypted to another key'] },
  );
}
