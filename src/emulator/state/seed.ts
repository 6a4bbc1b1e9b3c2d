/**
 * Seeds: keys with fixed ids for reproducible fixtures, as JSON in the words of the KMS API:
 *
 *   \{"keys": [\{"KeyId", "KeySpec", "KeyUsage", "ProtectionLevel", "Description", "KeyState", "Aliases": ["alias/…"],
 *              "Tags": \{"key": "value"\}, "Versions": [\{"KeyVersionId", "PrivateKey"\}]\}]\}
 *
 * KeyId and KeySpec are required, and KeyVersionId of every version; defaults are those of CreateKey. PrivateKey is
 * PKCS#8 in PEM, not encrypted; without it a key is generated. A key in state PendingDeletion has 30 days left.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { KmsAsymError } from '../../errors.js';
import { keyTypeOf } from '../hsm/key-types.js';
import { isAliasName } from '../call/key-reference.js';
import type { ProtectionLevel } from '../keys/key.js';
import { KEY_SPECS, KEY_USAGES, keyFamily, type KeySpec, type KeyUsage } from '../keys/key-spec.js';
import type { KeyState } from '../keys/key-state.js';
import { MAX_DESCRIPTION, MAX_TAGS, MAX_VERSIONS } from '../keys/quotas.js';
import { isTag } from '../keys/tags.js';
import { readId } from './record-shape.js';
import { Shape, ShapeError } from './shape.js';

/** One version to make. */
export interface SeedVersion {
  /** A fresh one when absent. */
  readonly keyVersionId: string | undefined;
  /** A fresh one when absent. */
  readonly privateKey: KeyObject | undefined;
}

/** One key to make. */
export interface SeedKey {
  readonly keyId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly protectionLevel: ProtectionLevel;
  readonly description: string;
  readonly state: KeyState;
  readonly aliases: readonly string[];
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Oldest first. */
  readonly versions: readonly [SeedVersion, ...SeedVersion[]];
}

const OPTIONAL = [
  'KeyUsage',
  'ProtectionLevel',
  'Description',
  'KeyState',
  'Aliases',
  'Tags',
  'Versions',
] as const;

/** Reads a seed, parsed JSON. `KmsAsymError` `configuration` that names the bad member by its path. */
export function readSeed(json: unknown): readonly SeedKey[] {
  try {
    const keys = new Shape(json).members(['keys']).keys.elements();
    const taken = { keys: new Set<string>(), aliases: new Set<string>() };
    return keys.map((key) => readKey(key, taken));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new KmsAsymError('configuration', `bad seed: ${error.message}`, {
      hints: ['the least of a seed: {"keys":[{"KeyId":"key-a","KeySpec":"RSA_2048"}]}'],
      cause: error,
    });
  }
}

function readKey(shape: Shape, taken: { keys: Set<string>; aliases: Set<string> }): SeedKey {
  const members = shape.members(['KeyId', 'KeySpec'], OPTIONAL);
  const spec = members.KeySpec.oneOf(KEY_SPECS);
  return {
    keyId: claim(members.KeyId, readId(members.KeyId), taken.keys),
    spec,
    usage: readUsage(members.KeyUsage, spec),
    protectionLevel: members.ProtectionLevel?.oneOf(['SOFTWARE', 'HSM']) ?? 'SOFTWARE',
    description: members.Description ? readDescription(members.Description) : '',
    state: members.KeyState?.oneOf(['Enabled', 'Disabled', 'PendingDeletion']) ?? 'Enabled',
    aliases: (members.Aliases?.elements() ?? []).map((alias) => readAlias(alias, taken.aliases)),
    tags: members.Tags ? readTags(members.Tags) : [],
    versions: members.Versions
      ? readVersions(members.Versions, spec)
      : [{ keyVersionId: undefined, privateKey: undefined }],
  };
}

function readUsage(shape: Shape | undefined, spec: KeySpec): KeyUsage {
  const usage = shape?.oneOf(KEY_USAGES) ?? 'SIGN/VERIFY';
  if (usage === 'SIGN/VERIFY' || keyFamily(spec) === 'rsa') return usage;
  throw (shape as Shape).mustBe('SIGN/VERIFY for an EC key');
}

function readDescription(shape: Shape): string {
  const description = shape.text();
  if (description.length <= MAX_DESCRIPTION) return description;
  throw shape.mustBe(`a text of ${MAX_DESCRIPTION} characters at most`);
}

function readAlias(shape: Shape, taken: Set<string>): string {
  const alias = shape.text();
  if (!isAliasName(alias)) throw shape.mustBe('the name of an alias, with its "alias/"');
  return claim(shape, alias, taken);
}

function readTags(shape: Shape): SeedKey['tags'] {
  const entries = shape.entries();
  if (entries.size > MAX_TAGS) throw shape.mustBe(`of ${MAX_TAGS} tags at most`);
  return [...entries].map(([key, member]) => {
    const value = member.text();
    if (!isTag(key, value)) throw member.mustBe('a tag as TagResource takes it');
    return [key, value];
  });
}

function readVersions(shape: Shape, spec: KeySpec): SeedKey['versions'] {
  const taken = new Set<string>();
  const versions = shape.some((element) => {
    const { KeyVersionId, PrivateKey } = element.members(['KeyVersionId'], ['PrivateKey']);
    return {
      keyVersionId: claim(KeyVersionId, readId(KeyVersionId), taken),
      privateKey: PrivateKey && readPrivateKey(PrivateKey, spec),
    };
  });
  if (versions.length > MAX_VERSIONS) throw shape.mustBe(`of ${MAX_VERSIONS} versions at most`);
  return versions;
}

function readPrivateKey(shape: Shape, spec: KeySpec): KeyObject {
  const pem = shape.text(/^-----BEGIN PRIVATE KEY-----/, 'a private key as PKCS#8 in PEM, not encrypted');
  try {
    const key = createPrivateKey(pem);
    if (keyTypeOf(key) === spec) return key;
  } catch {
    // OpenSSL's reasons say nothing more, and may say too much.
  }
  throw shape.mustBe(
    `a sound private key of spec ${spec}${keyFamily(spec) === 'rsa' ? ', exponent 65537' : ''}`,
  );
}

function claim(shape: Shape, name: string, taken: Set<string>): string {
  if (taken.has(name)) throw shape.mustBe('different from those before it');
  taken.add(name);
  return name;
}
