/** The `Tags` and `TagKeys` parameters: JSON arrays of `{"TagKey","TagValue"}` and of keys (CreateKey, TagResource). */
import type { Parameters } from '../call/parameters.js';
import { invalidParameter } from '../refusal.js';
import { MAX_TAGS } from './quotas.js';

const TEXT = /^[A-Za-z0-9/\\_\-.+=:@]{0,128}$/;
const RESERVED = /^(aliyun|acs:)/;

/** Reads `Tags`, none when absent. Throws `Refusal` for more than 20, reserved, repeated or odd ones. */
export function readTags(parameters: Parameters): ReadonlyMap<string, string> {
  const list: unknown = parameters.json('Tags') ?? [];
  if (!Array.isArray(list) || list.length > MAX_TAGS) throw invalidParameter('Tags');
  const tags = new Map(list.map(readTag));
  if (tags.size !== list.length) throw invalidParameter('Tags');
  return tags;
}

/** Reads `TagKeys`. Throws `Refusal` for what is no list of tag keys. */
export function readTagKeys(parameters: Parameters): readonly string[] {
  const list: unknown = parameters.json('TagKeys');
  if (!Array.isArray(list) || list.length > MAX_TAGS) throw invalidParameter('TagKeys');
  return list.map((key: unknown) => {
    if (typeof key !== 'string' || key === '' || !TEXT.test(key)) throw invalidParameter('TagKeys');
    return key;
  });
}

function readTag(tag: unknown): [key: string, value: string] {
  const { TagKey: key, TagValue: value } = (tag ?? {}) as { TagKey?: unknown; TagValue?: unknown };
  if (typeof key !== 'string' || typeof value !== 'string') throw invalidParameter('Tags');
  if (!isTag(key, value)) throw invalidParameter('Tags');
  return [key, value];
}

/** Whether a key and a value make a tag that users may give. */
export function isTag(key: string, value: string): boolean {
  return key !== '' && !RESERVED.test(key) && TEXT.test(key) && TEXT.test(value);
}
