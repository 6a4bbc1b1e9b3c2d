/**
 * Which key a command is about, from flags, the public key file and the environment. Flags beat the environment; a
 * flag that contradicts the file's lines is an error, because one of the two is a mistake.
 */
import { locatorOf, type KeyLocator } from '../crypto/key-locator.js';
import {
  MAX_PUBLIC_KEY_FILE_BYTES,
  parsePublicKeyFile,
  type PublicKeyFile,
} from '../crypto/public-key-file.js';
import { KmsAsymError } from '../errors.js';
import { readSmallFile } from '../io/input.js';
import { fromEnv } from './settings.js';

/** The flags that name a key. */
export interface KeyOptions {
  readonly publicKey?: string | undefined;
  readonly keyId?: string | undefined;
  readonly keyVersionId?: string | undefined;
}

/** A public key file that was named by flag or environment, with its name for messages. */
export interface NamedPublicKeyFile extends PublicKeyFile {
  readonly fileName: string;
}

/** Either a public key file, or a key to ask the service about. */
export type KeySource = { readonly file: NamedPublicKeyFile } | { readonly locator: KeyLocator };

const HOW_TO_NAME =
  'name one with --public-key FILE or --key-id ID, or set KMS_ASYM_PUBLIC_KEY or KMS_ASYM_KEY_ID';

/**
 * Decides where the key comes from: `--public-key`, `--key-id`, then KMS_ASYM_PUBLIC_KEY, then KMS_ASYM_KEY_ID.
 *
 * @param why - more hints for the case that nothing names one
 * @throws KmsAsymError `usage` when no key is named or flags and file disagree, or what reading the file throws
 */
export function chooseKeySource(
  options: KeyOptions,
  env: NodeJS.ProcessEnv,
  why: readonly string[] = [],
): KeySource {
  const fileName =
    options.publicKey ?? (options.keyId === undefined ? fromEnv(env, 'KMS_ASYM_PUBLIC_KEY') : undefined);
  if (fileName !== undefined) {
    const file = loadPublicKeyFile(fileName, options);
    const { keyId, keyVersionId } = options;
    return { file: { ...file, ...locatorOf({ keyId, keyVersionId }) } };
  }
  return { locator: requireKeyId(options, env, [HOW_TO_NAME, ...why]) };
}

/**
 * Where the key of a source is, whose file may not say it.
 *
 * @param what - what the key is needed for, as a verb: `decrypts`
 * @throws KmsAsymError `usage` when nothing names the key
 */
export function requireLocator(source: KeySource, what: string): KeyLocator & { keyId: string } {
  const { region, keyId, keyVersionId } = 'file' in source ? source.file : source.locator;
  if (keyId !== undefined) return { ...locatorOf({ region, keyVersionId }), keyId };
  throw new KmsAsymError(
    'usage',
    `the public key file has no KeyId line, so it does not say which key ${what}`,
    { hints: ['add --key-id ID', 'or write the file with kms-asym get-public-key, without --bare'] },
  );
}

/**
 * The key named by `--key-id` or the environment.
 *
 * @throws KmsAsymError `usage` when there is none
 */
export function requireKeyId(
  options: KeyOptions,
  env: NodeJS.ProcessEnv,
  hints: readonly string[] = ['name one with --key-id ID, or set KMS_ASYM_KEY_ID'],
): KeyLocator & { keyId: string } {
  const keyId = options.keyId ?? fromEnv(env, 'KMS_ASYM_KEY_ID');
  if (keyId === undefined) {
    throw new KmsAsymError('usage', 'no key is named', { hints });
  }
  // A version of the environment belongs to the key of the environment, not to one that a flag names.
  const version =
    options.keyVersionId ??
    (options.keyId === undefined || options.keyId === fromEnv(env, 'KMS_ASYM_KEY_ID')
      ? fromEnv(env, 'KMS_ASYM_KEY_VERSION_ID')
      : undefined);
  return { keyId, ...(version !== undefined && { keyVersionId: version }) };
}

/**
 * Reads a public key file.
 *
 * @param options - flags that its lines must not contradict
 * @throws KmsAsymError `usage` when they do, else as reading and parsing it
 */
export function loadPublicKeyFile(fileName: string, options: KeyOptions = {}): NamedPublicKeyFile {
  const bytes = readSmallFile(fileName, MAX_PUBLIC_KEY_FILE_BYTES, 'public key file');
  const file = parsePublicKeyFile(bytes, fileName);
  refuseContradiction('--key-id', options.keyId, file.keyId, fileName);
  refuseContradiction('--key-version-id', options.keyVersionId, file.keyVersionId, fileName);
  return { ...file, fileName };
}

function refuseContradiction(
  flag: string,
  given: string | undefined,
  line: string | undefined,
  fileName: string,
): void {
  if (given === undefined || line === undefined || given === line) return;
  throw new KmsAsymError('usage', `${flag} "${given}" contradicts "${fileName}", which names "${line}"`, {
    hints: [`leave ${flag} out to use what the file names`],
  });
}
