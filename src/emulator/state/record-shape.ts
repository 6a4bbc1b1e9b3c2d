/** Records of keys and aliases read from JSON that anybody may have edited, strictly: what is let in here is believed. */
import { createPublicKey } from 'node:crypto';
import { asBuffer, decodeBase64 } from '../../crypto/encoding.js';
import { isAliasName } from '../call/key-reference.js';
import { keyTypeOf } from '../hsm/key-types.js';
import type { Alias } from '../keys/alias-store.js';
import type { KeyRecord, KeyVersionRecord } from '../keys/key-record.js';
import { KEY_SPECS, KEY_USAGES, keyFamily, type KeySpec } from '../keys/key-spec.js';
import { MAX_TAGS } from '../keys/quotas.js';
import { isTag } from '../keys/tags.js';
import type { Shape } from './shape.js';

const KEY_MEMBERS = [
  'keyId',
  'createdMs',
  'state',
  'spec',
  'usage',
  'protectionLevel',
  'description',
  'deletionProtection',
  'tags',
  'versions',
] as const;

/** Reads keys with different ids, each version with a private half of its own. Throws `ShapeError`. */
export function readKeyRecords(shape: Shape): readonly KeyRecord[] {
  const seen = new Set<string>();
  const refs = new Set<string>();
  return shape.elements().map((element) => {
    const record = readKeyRecord(element, refs);
    if (seen.has(record.keyId)) throw element.mustBe('another key than those before it');
    seen.add(record.keyId);
    return record;
  });
}

/** Reads aliases with different names, of keys among `keys`. Throws `ShapeError`. */
export function readAliases(shape: Shape, keys: readonly KeyRecord[]): readonly Alias[] {
  const keyIds = keys.map(({ keyId }) => keyId);
  const seen = new Set<string>();
  return shape.elements().map((element) => {
    const members = element.members(['aliasName', 'keyId']);
    const aliasName = members.aliasName.text();
    if (!isAliasName(aliasName)) throw members.aliasName.mustBe('the name of an alias');
    if (seen.has(aliasName)) throw element.mustBe('another alias than those before it');
    seen.add(aliasName);
    return { aliasName, keyId: members.keyId.oneOf(keyIds) };
  });
}

function readKeyRecord(shape: Shape, refs: Set<string>): KeyRecord {
  const members = shape.members(KEY_MEMBERS, ['deleteMs', 'instanceId']);
  const spec = members.spec.oneOf(KEY_SPECS);
  const state = members.state.oneOf(['Enabled', 'Disabled', 'PendingDeletion']);
  if ((state === 'PendingDeletion') !== (members.deleteMs !== undefined)) {
    throw members.state.mustBe('PendingDeletion with "deleteMs", or another one without');
  }
  return {
    keyId: readId(members.keyId),
    createdMs: members.createdMs.date(),
    state,
    spec,
    usage: members.usage.oneOf(keyFamily(spec) === 'ec' ? ['SIGN/VERIFY'] : KEY_USAGES),
    protectionLevel: members.protectionLevel.oneOf(['SOFTWARE', 'HSM']),
    description: members.description.text(),
    deletionProtection: readDeletionProtection(members.deletionProtection),
    tags: readTags(members.tags),
    versions: readVersions(members.versions, spec, refs),
    ...(members.deleteMs && { deleteMs: members.deleteMs.date() }),
    ...(members.instanceId && { instanceId: members.instanceId.text() }),
  };
}

function readVersions(shape: Shape, spec: KeySpec, refs: Set<string>): KeyRecord['versions'] {
  const ids = new Set<string>();
  return shape.some((element) => {
    const version = readVersion(element, spec);
    if (ids.has(version.keyVersionId) || refs.has(version.hsmRef)) {
      throw element.mustBe('another version than those before it');
    }
    ids.add(version.keyVersionId);
    refs.add(version.hsmRef);
    return version;
  });
}

function readVersion(shape: Shape, spec: KeySpec): KeyVersionRecord {
  const members = shape.members(['keyVersionId', 'createdMs', 'hsmRef', 'type', 'publicKey']);
  const publicKey = members.publicKey.text();
  if (!isPublicKey(publicKey, spec)) {
    throw members.publicKey.mustBe(`a public key of spec ${spec} (SubjectPublicKeyInfo, DER) in base64`);
  }
  return {
    keyVersionId: readId(members.keyVersionId),
    createdMs: members.createdMs.date(),
    hsmRef: members.hsmRef.text(/^[0-9a-f]{32}$/, 'a reference of 32 hexadecimal digits'),
    type: members.type.oneOf([spec]),
    publicKey,
  };
}

function isPublicKey(base64: string, spec: KeySpec): boolean {
  try {
    const key = asBuffer(decodeBase64(base64) ?? new Uint8Array(0));
    return keyTypeOf(createPublicKey({ key, format: 'der', type: 'spki' })) === spec;
  } catch {
    return false;
  }
}

function readDeletionProtection(shape: Shape): KeyRecord['deletionProtection'] {
  const { isEnabled, description } = shape.members(['isEnabled', 'description']);
  return { isEnabled: isEnabled.flag(), description: description.text() };
}

function readTags(shape: Shape): KeyRecord['tags'] {
  const tags = shape.elements().map(readTag);
  if (tags.length <= MAX_TAGS && new Map(tags).size === tags.length) return tags;
  throw shape.mustBe(`of ${MAX_TAGS} different tags at most`);
}

function readTag(shape: Shape): readonly [string, string] {
  const [key, value, ...others] = shape.elements();
  if (key === undefined || value === undefined || others.length > 0) throw shape.mustBe('a key and a value');
  const tag = [key.text(), value.text()] as const;
  if (!isTag(...tag)) throw shape.mustBe('a tag as TagResource takes it');
  return tag;
}

/** Reads the id of a key or a version: letters, digits and hyphens, 64 at most. Throws `ShapeError`. */
export function readId(shape: Shape): string {
  return shape.text(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'an id of letters, digits and hyphens');
}
