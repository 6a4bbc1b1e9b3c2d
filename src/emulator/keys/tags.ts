/** The `Tags` parameter: a JSON array of `{"TagKey","TagValue"}` (CreateKey, TagResource). */
import { invalidParameter } from '../refusal.js';
import { MAX_TAGS } from './quotas.js';

const TEXT = /^[A-Za-z0-9/\\_\-.+=:@]{0,128}$/;
const RESERVED = /^(aliyun|acs:)/;

/** Reads the parameter. Throws `Refusal` `InvalidParameter` for more than 20, reserved, repeated or odd tags. */
export function parseTags(json: string): ReadonlyMap<string, string> {
  const list = parseJson(json);
  if (!Array.isArray(list) || list.length > MAX_TAGS) throw invalidParameter('Tags');
  const tags = new Map(list.map(parseTag));
  if (tags.size !== list.length) throw invalidParameter('Tags');
  return tags;
}

function parseTag(tag: unknown): [key: string, value: string] {
  const { TagKey: key, TagValue: value } = (tag ?? {}) as { TagKey?: unknown; TagValue?: unknown };
  if (typeof key !== 'string' || typeof value !== 'string') throw invalidParameter('Tags');
  if (key === '' || RESERVED.test(key) || !TEXT.test(key) || !TEXT.test(value))
    throw invalidParameter('Tags');
  return [key, value];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw invalidParameter('Tags');
  }
}
