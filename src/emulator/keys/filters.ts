/**
 * The `Filters` parameter of ListKeys: a JSON array of `{"Key","Values"}`. Filters of different keys all have to
 * match, of the values of one key (also when it stands in several filters) one has to; no values restrict nothing.
 */
import type { Parameters } from '../call/parameters.js';
import { invalidParameter } from '../refusal.js';
import type { Key } from './key.js';
import { MAX_FILTERS } from './quotas.js';

/** What filters look at besides the key itself. */
export interface Surroundings {
  readonly accountId: string;
  readonly aliasesOf: (key: Key) => readonly string[];
}

/** Says whether a key is to be listed. */
export type KeyFilter = (key: Key, surroundings: Surroundings) => boolean;

/** What a key has of each filter's kind; the documentation spells the first `keyId`. */
const PROPERTIES: Readonly<Record<string, (key: Key, surroundings: Surroundings) => readonly string[]>> = {
  keyId: (key) => [key.keyId],
  KeyState: (key) => [key.state],
  KeySpec: (key) => [key.spec],
  KeyUsage: (key) => [key.usage],
  ProtectionLevel: (key) => [key.protectionLevel],
  DKMSInstanceId: (key) => (key.instanceId === undefined ? [] : [key.instanceId]),
  // Keys that cloud services make for themselves, of type Service, are not imitated.
  CreatorType: () => ['User'],
  Creator: (_key, { accountId }) => [accountId],
  AliasName: (key, { aliasesOf }) => aliasesOf(key),
  TagKey: (key) => [...key.tags.keys()],
  TagValue: (key) => [...key.tags.values()],
};

/** Reads the parameter; without it every key passes. Throws `Refusal` `InvalidParameter`. */
export function readFilters(parameters: Parameters): KeyFilter {
  const list: unknown = parameters.json('Filters') ?? [];
  if (!Array.isArray(list) || list.length > MAX_FILTERS) throw invalidParameter('Filters');
  const wanted = new Map<string, Set<string>>();
  for (const [name, values] of list.map(readFilter)) {
    wanted.set(name, new Set([...(wanted.get(name) ?? []), ...values]));
  }
  return (key, surroundings) =>
    [...wanted].every(
      ([name, values]) =>
        values.size === 0 || PROPERTIES[name]?.(key, surroundings).some((value) => values.has(value)),
    );
}

function readFilter(filter: unknown): [name: string, values: readonly string[]] {
  const { Key: name, Values: values = [] } = (filter ?? {}) as { Key?: unknown; Values?: unknown };
  if (typeof name !== 'string' || !Object.hasOwn(PROPERTIES, name)) throw invalidParameter('Filters');
  if (!Array.isArray(values) || values.length > MAX_FILTERS) throw invalidParameter('Filters');
  return [
    name,
    values.map((value: unknown) => {
      if (typeof value !== 'string') throw invalidParameter('Filters');
      return value;
    }),
  ];
}
