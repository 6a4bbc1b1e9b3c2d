/** Age files in `decrypt`: one call for the file key, then chunk after authentic chunk. */
import { decodeArmor } from '../age/armor.js';
import { decrypt } from '../age/decrypt.js';
import { parseIdentityFile } from '../age/identity-file.js';
import { MAX_KEY_FILE_BYTES } from '../age/key-lines.js';
import { KmsIdentity } from '../age/kms-identity.js';
import type { Identity } from '../age/recipient.js';
import type { AgeEncoding } from '../age/recognition.js';
import { KmsAsymError } from '../errors.js';
import { readSmallFile } from '../io/input.js';
import type { Output } from '../io/output.js';
import type { Decrypted, Decryption, DecryptOptions } from './decryption.js';
import { chooseKeyDemand } from './key-demand.js';
import { counted, startProgress } from './progress.js';
import { ServiceUnwrap } from './service-unwrap.js';

/**
 * Decrypts the whole input.
 *
 * @throws KmsAsymError as {@link decrypt}, {@link ServiceUnwrap}, reading and writing do; with a hint when something was
 * released that must be discarded
 */
export async function decryptAge(decryption: Decryption, encoding: AgeEncoding): Promise<Decrypted> {
  const { run, input, ciphertext, output } = decryption;
  const { options, context, clients } = run;
  run.ageKeys ??= {
    demand: chooseKeyDemand(options, context.env),
    identities: readIdentities(options),
  };
  const service = new ServiceUnwrap({ clients, options, context, ...run.ageKeys, name: input.name });
  const identities = run.ageKeys.identities ?? [new KmsIdentity(service.unwrap, service.select)];
  const progress = startProgress(context, input.size);
  const total = { CiphertextBytes: 0, PlaintextBytes: 0 };
  const count = (bytes: number): void => {
    total.CiphertextBytes += bytes;
    progress.add(bytes);
  };
  try {
    const file = counted(ciphertext.chunks(), { add: count });
    for await (const chunk of decrypt(identities, encoding === 'armor' ? decodeArmor(file) : file)) {
      await output.write(chunk);
      total.PlaintextBytes += chunk.length;
    }
    await output.commit();
  } catch (error) {
    throw discardReleased(error, output);
  } finally {
    progress.end();
    output.abort();
  }
  const { opened } = service;
  return {
    Format: 'age',
    Encoding: encoding,
    Algorithm: opened?.stanza.algorithm,
    KeyId: opened?.keyId,
    KeyVersionId: opened?.keyVersionId,
    Region: opened?.region,
    ...total,
    RequestId: opened?.requestId,
  };
}

/** The identities of `-i`: then KMS is not asked, and what says something about its keys is a mistake. */
function readIdentities(options: DecryptOptions): Identity[] | undefined {
  const { identity, publicKey, keyId, keyVersionId, expectFingerprint } = options;
  if (!identity) return undefined;
  if ((publicKey ?? keyId ?? keyVersionId ?? expectFingerprint) !== undefined) {
    throw new KmsAsymError('usage', '-i opens without KMS, so flags about its keys do not go with it', {
      hints: ['leave out -i, or --key-id, --key-version-id, --public-key and --expect-fingerprint'],
    });
  }
  return identity.flatMap((name) =>
    parseIdentityFile(readSmallFile(name, MAX_KEY_FILE_BYTES, 'identity file'), name),
  );
}

/** Whoever reads the pipe has authentic bytes, but not all of them. */
function discardReleased(error: unknown, output: Output): unknown {
  if (!(error instanceof KmsAsymError) || !output.isReleased) return error;
  return new KmsAsymError(error.code, error.message, {
    hints: [`discard what was written to ${output.name}: it is not the whole plaintext`, ...error.hints],
    cause: error,
    ...(error.service && { service: error.service }),
  });
}
