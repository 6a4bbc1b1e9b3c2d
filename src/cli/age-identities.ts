/** Who opens age files: KMS, or the identities of `-i`, some of which may stand for KMS keys. */
import { parseIdentityFile } from '../age/identity-file.js';
import { MAX_KEY_FILE_BYTES } from '../age/key-lines.js';
import { KmsIdentity } from '../age/kms-identity.js';
import type { Identity } from '../age/recipient.js';
import { KmsAsymError } from '../errors.js';
import { readSmallFile } from '../io/input.js';
import type { DecryptionRun, DecryptOptions } from './decryption.js';
import { chooseKeyDemand } from './key-demand.js';
import { ServiceUnwrap } from './service-unwrap.js';

/** Makes the identities of `-i` for one file. */
export type MakeIdentities = (service: ServiceUnwrap) => readonly Identity[];

/** The identities for one file. */
export interface FileIdentities {
  readonly identities: readonly Identity[];
  /** Knows which KMS key opened the file, if one did. */
  readonly service: ServiceUnwrap;
}

/**
 * The identities to try on a file; keys are read by the first file of a run that needs them.
 *
 * @param name - what to call the file in messages
 * @throws KmsAsymError `usage` for flags that contradict each other, `invalid-identity`, and as reading files does
 */
export function findIdentities(run: DecryptionRun, name: string): FileIdentities {
  const { options, context, clients } = run;
  run.ageKeys ??= {
    demand: chooseKeyDemand(options, context.env),
    identities: readIdentities(options),
  };
  const { demand, identities } = run.ageKeys;
  const service = new ServiceUnwrap({ clients, options, context, demand, name });
  return { service, identities: identities?.(service) ?? [new KmsIdentity(service.unwrap, service.select)] };
}

/** The identities of `-i`: then they say which KMS keys are asked, if any, and what else says so is a mistake. */
function readIdentities(options: DecryptOptions): MakeIdentities | undefined {
  const { identity, publicKey, keyId, keyVersionId, expectFingerprint } = options;
  if (!identity) return undefined;
  if ((publicKey ?? keyId ?? keyVersionId ?? expectFingerprint) !== undefined) {
    throw new KmsAsymError('usage', '-i says what opens, so flags about KMS keys do not go with it', {
      hints: ['leave out -i, or --key-id, --key-version-id, --public-key and --expect-fingerprint'],
    });
  }
  const files = identity.map((name) => ({
    name,
    bytes: readSmallFile(name, MAX_KEY_FILE_BYTES, 'file of identities'),
  }));
  return (service) => {
    return files.flatMap(({ name, bytes }) => {
      return parseIdentityFile(bytes, name, (locator) => service.identityOf(locator));
    });
  };
}
