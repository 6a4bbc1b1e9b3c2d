/** The KMS keys that `encrypt` encrypts to, from flags, environment, files and the service. */
import type { KeyLocator } from '../crypto/key-locator.js';
import { checkFingerprint, requireFingerprint } from '../crypto/public-key-file.js';
import { requireEncryptionKey, type EncryptionKey } from '../crypto/public-key.js';
import { KmsAsymError } from '../errors.js';
import type { Context } from './context.js';
import { fetchPublicKey } from './fetch-public-key.js';
import { chooseKeySource, loadPublicKeyFile, requireKeyId, type NamedPublicKeyFile } from './key-source.js';
import type { GlobalOptions } from './options.js';
import { chooseRegion, withKms } from './settings.js';

/** The flags that name keys to encrypt to. */
export interface EncryptionKeyOptions extends GlobalOptions {
  readonly publicKey?: readonly string[];
  readonly keyId?: string;
  readonly keyVersionId?: string;
  readonly expectFingerprint?: readonly string[];
}

/** A key to encrypt to, where it belongs, and what to call it in messages. */
export interface NamedKey extends KeyLocator {
  readonly key: EncryptionKey;
  readonly name: string;
}

/**
 * Finds the keys; asks the service only for a key that is named by its id.
 *
 * @returns at least one, each once; one key pair under two ids, as where it was imported twice, is two keys
 * @throws KmsAsymError `usage` when no key is named or flags contradict a file, `fingerprint-mismatch` for a key that is
 * not expected, `key-mismatch` for one that only signs; else as reading files and asking the service does
 */
export async function findEncryptionKeys(
  options: EncryptionKeyOptions,
  context: Context,
): Promise<readonly NamedKey[]> {
  const [file, ...others] = options.publicKey ?? [];
  const keys =
    file !== undefined && others.length > 0
      ? severalFiles([file, ...others], options)
      : [await oneKey({ ...options, publicKey: file }, options, context)];
  for (const { key, name } of keys) checkExpected(key, name, options.expectFingerprint);
  return eachOnce(keys);
}

/** The flags that name one key. */
export interface EncryptionKeyFlags extends GlobalOptions {
  readonly publicKey?: string;
  readonly keyId?: string;
  readonly keyVersionId?: string;
  readonly expectFingerprint?: string;
}

/** As {@link findEncryptionKeys}, for one key. */
export async function findEncryptionKey(flags: EncryptionKeyFlags, context: Context): Promise<NamedKey> {
  const { publicKey, expectFingerprint, ...options } = flags;
  const named = await oneKey({ ...options, publicKey }, options, context);
  if (expectFingerprint !== undefined) checkFingerprint(named.key, expectFingerprint, named.name);
  return named;
}

/**
 * Where a key is: its file says it, or `--region`, or what was asked for it; nothing is guessed from the environment.
 *
 * @throws KmsAsymError as {@link chooseRegion}
 */
export function regionOfKey(
  { region, name }: NamedKey,
  options: GlobalOptions,
  env: NodeJS.ProcessEnv,
): string | undefined {
  return region === undefined ? options.region : chooseRegion(options, env, region, `"${name}"`);
}

function eachOnce(keys: readonly NamedKey[]): readonly NamedKey[] {
  const identities = keys.map(({ key, region, keyId, keyVersionId }) =>
    JSON.stringify([key.fingerprint, region, keyId, keyVersionId]),
  );
  return keys.filter((_key, index) => identities.indexOf(identities[index] ?? '') === index);
}

function severalFiles(names: readonly string[], options: EncryptionKeyOptions): readonly NamedKey[] {
  if (options.keyId !== undefined || options.keyVersionId !== undefined) {
    throw new KmsAsymError('usage', '--key-id and --key-version-id do not go with several --public-key', {
      hints: ['leave them out: the files that get-public-key writes name their keys'],
    });
  }
  return names.map((name) => ofFile(loadPublicKeyFile(name)));
}

function ofFile({ publicKey, fileName, ...locator }: NamedPublicKeyFile): NamedKey {
  return { ...locator, key: requireEncryptionKey(publicKey, fileName), name: fileName };
}

async function oneKey(
  flags: { publicKey: string | undefined; keyId?: string; keyVersionId?: string },
  options: GlobalOptions,
  context: Context,
): Promise<NamedKey> {
  const source = chooseKeySource(flags, context.env);
  if ('file' in source) return ofFile(source.file);
  const locator = requireKeyId(flags, context.env);
  const region = chooseRegion(options, context.env);
  const fetched = await withKms(context, options, region, (kms) =>
    fetchPublicKey(kms, locator, context.terminal),
  );
  const { keyId, keyVersionId } = fetched;
  if (fetched.isForSigning) {
    throw new KmsAsymError(
      'key-mismatch',
      `key "${keyId}" is for SIGN/VERIFY: KMS would never decrypt with it`,
      {
        hints: ['take a key with KeyUsage ENCRYPT/DECRYPT; "kms-asym create-key" makes one'],
      },
    );
  }
  const key = requireEncryptionKey(fetched.publicKey, keyId);
  return { key, name: locator.keyId, keyId, keyVersionId, ...(region !== undefined && { region }) };
}

/** With several expected fingerprints, every key must have one of them. */
function checkExpected(key: EncryptionKey, name: string, expected: readonly string[] = []): void {
  const [first] = expected;
  if (first === undefined || expected.map(requireFingerprint).includes(key.fingerprint)) return;
  checkFingerprint(key, first, name);
}
