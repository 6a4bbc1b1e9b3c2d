/**
 * Everything about many keys. The list of the service has ids only, so each key is asked about; what one identity may
 * list it need not be allowed to look at, and a key may vanish meanwhile: such keys stay in the list, without details.
 */
import { KmsAsymError } from '../errors.js';
import type { KmsClient, ListedKey } from '../kms/client.js';
import { describe, type KeyDescription } from './key-description.js';

/** A key of the list; of one that could not be looked at, ids alone. */
export type DescribedKey = Pick<KeyDescription, 'KeyId' | 'Aliases' | 'Arn'> & Partial<KeyDescription>;

/** The keys in the order they were given, and lines for people about what is missing. */
export interface DescribedKeys {
  readonly keys: readonly DescribedKey[];
  readonly failures: readonly string[];
}

/** Calls under way at once; the service allows 200 in a second. */
const WIDTH = 6;

/**
 * Describes keys.
 *
 * @throws KmsAsymError as the client does, except for refusals
 */
export async function describeKeys(kms: KmsClient, listed: readonly ListedKey[]): Promise<DescribedKeys> {
  const failures: string[] = [];
  const aliases = await aliasesByKey(kms).catch((error: unknown) => {
    failures.push(`aliases are not known: ${requireRefusal(error).message}`);
    return undefined;
  });
  const undescribed: KmsAsymError[] = [];
  const keys = await inParallel(listed, async ({ keyId, arn }): Promise<DescribedKey> => {
    const names = aliases && (aliases.get(keyId) ?? []);
    try {
      return describe(await kms.describeKey(keyId), names);
    } catch (error) {
      undescribed.push(requireRefusal(error));
      return { KeyId: keyId, Aliases: names, Arn: arn };
    }
  });
  const [first] = undescribed;
  if (first)
    failures.push(`${undescribed.length} of ${listed.length} keys are not described: ${first.message}`);
  return { keys, failures };
}

async function aliasesByKey(kms: KmsClient): Promise<ReadonlyMap<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { keyId, aliasName } of await kms.listAliases()) {
    found.set(keyId, [...(found.get(keyId) ?? []), aliasName]);
  }
  return found;
}

function requireRefusal(error: unknown): KmsAsymError {
  if (error instanceof KmsAsymError && error.code === 'service-refused') return error;
  throw error;
}

async function inParallel<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return results;
}
