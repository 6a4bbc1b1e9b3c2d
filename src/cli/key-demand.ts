/**
 * Which key of an age file may be used, and what the file leaves unsaid. Flags are demands: a file that names other
 * keys is refused. The environment only fills in, where a stanza does not name its key.
 */
import type { KmsStanza } from '../age/kms-stanza.js';
import { locatorOf, type KeyLocator } from '../crypto/key-locator.js';
import { requireFingerprint, type PublicKeyFile } from '../crypto/public-key-file.js';
import { loadPublicKeyFile, type KeyOptions } from './key-source.js';
import { fromEnv } from './settings.js';

/** The flags that restrict which key opens a file. */
export interface DemandOptions extends KeyOptions {
  readonly expectFingerprint?: string;
}

/** What flags and environment say about the key of a file. */
export interface KeyDemand {
  /** The id that the file must name, as given: also an alias or ARN. */
  readonly keyId?: string;
  readonly keyVersionId?: string;
  /** The fingerprints that the key must have, all of them. */
  readonly fingerprints: readonly string[];
  /** What is known about the key of a stanza that does not name it. */
  readonly locate: (stanza: KmsStanza) => KeyLocator;
}

/**
 * Reads flags and environment.
 *
 * @throws KmsAsymError `usage` for a fingerprint that is none or flags that contradict a public key file, and what
 * reading that file throws
 */
export function chooseKeyDemand(options: DemandOptions, env: NodeJS.ProcessEnv): KeyDemand {
  const { publicKey, expectFingerprint } = options;
  const file = publicKey === undefined ? undefined : loadPublicKeyFile(publicKey, options);
  // Its lines count as flags do: the fingerprint of a stanza is only what somebody wrote there.
  const { keyId = file?.keyId, keyVersionId = file?.keyVersionId } = options;
  let ofEnvironment: PublicKeyFile | undefined;
  return {
    ...(keyId !== undefined && { keyId }),
    ...(keyVersionId !== undefined && { keyVersionId }),
    fingerprints: [
      ...(expectFingerprint === undefined ? [] : [requireFingerprint(expectFingerprint)]),
      ...(file ? [file.publicKey.fingerprint] : []),
    ],
    locate: (stanza) => {
      ofEnvironment ??= loadFileOfEnvironment(env);
      const ofFile = file ? locatorOf(file) : {};
      const known = [ofFile, linesAbout(stanza, ofEnvironment), fromEnvironment(env)];
      const fitting = known.find((each) => each.keyId !== undefined && each.keyId === (keyId ?? each.keyId));
      return {
        ...ofFile,
        ...(fitting ?? (keyId !== undefined && { keyId })),
        ...(keyVersionId !== undefined && { keyVersionId }),
      };
    },
  };
}

function loadFileOfEnvironment(env: NodeJS.ProcessEnv): PublicKeyFile | undefined {
  const name = fromEnv(env, 'KMS_ASYM_PUBLIC_KEY');
  return name === undefined ? undefined : loadPublicKeyFile(name);
}

/** A public key file of the environment says something about its own key only. */
function linesAbout({ fingerprint }: KmsStanza, file: PublicKeyFile | undefined): KeyLocator {
  return file?.publicKey.fingerprint === fingerprint ? locatorOf(file) : {};
}

function fromEnvironment(env: NodeJS.ProcessEnv): KeyLocator {
  return locatorOf({
    keyId: fromEnv(env, 'KMS_ASYM_KEY_ID'),
    keyVersionId: fromEnv(env, 'KMS_ASYM_KEY_VERSION_ID'),
  });
}
