/**
 * Why KMS does not decrypt something. It answers damaged data, another hash, another version and another key alike, on
 * purpose; but whoever may decrypt with a key may also try, so the likely mistakes are tried, a handful of calls at most.
 */
import { OAEP_ALGORITHMS } from '../crypto/algorithms.js';
import { reworded, serviceCodeOf } from '../errors.js';
import type { KeyVersion, KeyVersionRef, KmsClient } from '../kms/client.js';
import { namesAlias } from './alias-name.js';
import type { KmsCiphertext } from './kms-decrypt.js';

/** Newest other versions that are tried. */
const MAX_VERSIONS = 4;
/** Longest search for a cause. */
const MAX_SEARCH_MS = 10_000;
/** The defaults of openssl and Java are others, and all fail alike. */
const PADDING =
  'or with another padding: openssl pkeyutl needs rsa_padding_mode:oaep, rsa_oaep_md:sha256 and rsa_mgf1_md:sha256';
const NO_VERSION = 'Forbidden.KeyVersionNotFound';

/** The error that explains `error` of AsymmetricDecrypt with version `keyVersionId`; others come back as they are. */
export async function explainDecryptError(
  kms: KmsClient,
  what: KmsCiphertext,
  keyVersionId: string,
  error: unknown,
): Promise<unknown> {
  const code = serviceCodeOf(error);
  if (code !== 'InvalidParameter' && code !== NO_VERSION) return error;
  const used = { keyId: what.key.keyId, keyVersionId };
  const hints = await inTime(findMistake(kms, what, used, code === NO_VERSION), [damaged(used.keyId)]);
  if (code === NO_VERSION) return reworded(error, () => ({ hints }));
  const message = `"${what.name}" does not decrypt with key version "${keyVersionId}"`;
  return reworded(error, () => ({ code: 'undecryptable', message, hints }));
}

async function findMistake(
  kms: KmsClient,
  what: KmsCiphertext,
  used: KeyVersionRef,
  isVersionUnknown: boolean,
): Promise<string[]> {
  const { keyId } = used;
  // A file that names its algorithm and version does not err about them, and must not cause many calls.
  if (!what.isAlgorithmChosen && !isVersionUnknown) return [damaged(keyId)];
  const versions = (await attempt(() => kms.listKeyVersions(keyId))) ?? [];
  const found = what.isAlgorithmChosen ? await tryOthers(kms, what, used, versions) : undefined;
  if (found !== undefined) return [found];
  return [
    ...(await aliasHint(kms, keyId)),
    ...(isVersionUnknown ? versionHints(versions) : [damaged(keyId), PADDING]),
  ];
}

/** What `search` finds, or `otherwise` when it takes too long: a cause is a courtesy. */
async function inTime<T>(search: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, MAX_SEARCH_MS, otherwise);
  });
  return Promise.race([search, late]).finally(() => {
    clearTimeout(timer);
  });
}

/** The first mistake that makes the difference. */
async function tryOthers(
  kms: KmsClient,
  what: KmsCiphertext,
  used: KeyVersionRef,
  versions: readonly KeyVersion[],
): Promise<string | undefined> {
  const { algorithm } = what;
  const other = Object.keys(OAEP_ALGORITHMS).find((name) => name !== algorithm);
  if (other !== undefined && (await opens(kms, what, used, other))) {
    return `it was encrypted with ${other}: --algorithm ${other}`;
  }
  const others = versions.filter(({ keyVersionId }) => keyVersionId !== used.keyVersionId);
  for (const { keyVersionId } of others.slice(0, MAX_VERSIONS)) {
    if (await opens(kms, what, { ...used, keyVersionId }, algorithm)) {
      return `it was encrypted to another version of the key: --key-version-id ${keyVersionId}`;
    }
  }
  return undefined;
}

function damaged(keyId: string): string {
  return `it is damaged, or was encrypted to another key: compare fingerprints with "kms-asym get-public-key --key-id ${keyId}"`;
}

function versionHints(versions: readonly KeyVersion[]): string[] {
  return versions.map(
    ({ keyVersionId, creationDate }) =>
      `the key has --key-version-id ${keyVersionId} (created ${creationDate})`,
  );
}

/** An alias that was moved takes its name along, but not what was encrypted to the key that it stood for. */
async function aliasHint(kms: KmsClient, keyId: string): Promise<string[]> {
  if (!namesAlias(keyId)) return [];
  const key = await attempt(() => kms.describeKey(keyId));
  if (key === undefined) return [];
  return [
    `"${keyId}" stands for key "${key.keyId}" now; if it was moved since, name the key that was used: --key-id KEY_ID`,
  ];
}

async function opens(
  kms: KmsClient,
  what: KmsCiphertext,
  ref: KeyVersionRef,
  algorithm: string,
): Promise<boolean> {
  const answer = await attempt(() => kms.asymmetricDecrypt(ref, algorithm, what.ciphertext));
  answer?.plaintext.fill(0);
  return answer !== undefined;
}

/** Looking for a cause must not hide what there is to say without it. */
function attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
  return call().catch(() => undefined);
}
