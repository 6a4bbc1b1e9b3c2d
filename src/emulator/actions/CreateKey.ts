/** CreateKey (KMS API 2016-01-20): asymmetric keys only, made inside the device of their protection level. */
import type { Action } from '../call/action.js';
import { keyMetadata } from '../call/key-metadata.js';
import {
  FOREIGN_KEY_SPECS,
  KEY_SPECS,
  KEY_USAGES,
  keyFamily,
  type KeySpec,
  type KeyUsage,
} from '../keys/key-spec.js';
import { MAX_DESCRIPTION } from '../keys/quotas.js';
import { readTags } from '../keys/tags.js';
import type { Parameters } from '../call/parameters.js';
import { invalidParameter, notImitated, Refusal } from '../refusal.js';

const MAX_POLICY_BYTES = 32_768;

/** Answers with the new key's metadata. */
export const CreateKey: Action = async ({ parameters, keys, account, serviceMode }) => {
  const spec = readSpec(parameters);
  // Without a usage the documentation says SIGN/VERIFY for every spec that signs, and all of these do.
  const usage = parameters.choice('KeyUsage', KEY_USAGES, 'SIGN/VERIFY');
  const protectionLevel = parameters.choice('ProtectionLevel', ['SOFTWARE', 'HSM'], 'SOFTWARE');
  const origin = parameters.choice('Origin', ['Aliyun_KMS', 'EXTERNAL'], 'Aliyun_KMS');
  const rotates = parameters.boolean('EnableAutomaticRotation');
  const description = parameters.text('Description', MAX_DESCRIPTION);
  const tags = readTags(parameters);
  checkUnused(parameters);
  const instanceId = readInstanceId(parameters);
  if (origin === 'EXTERNAL') throw new Refusal('Unsupported.Origin');
  if (rotates) throw new Refusal('Rejected.UnsupportedOperation');
  requireUsable(spec, usage);
  if (serviceMode === 'instance' && instanceId === undefined) throw new Refusal('UnsupportedOperation');
  const key = await keys.create({ spec, usage, protectionLevel, description, instanceId, tags });
  return { KeyMetadata: keyMetadata(account, key) };
};

function readSpec(parameters: Parameters): KeySpec {
  const name = parameters.optional('KeySpec') ?? 'Aliyun_AES_256';
  if (FOREIGN_KEY_SPECS.includes(name)) {
    throw notImitated(`keys of spec ${name}; it has ${KEY_SPECS.join(', ')}`);
  }
  const spec = KEY_SPECS.find((candidate) => candidate === name);
  if (spec === undefined) throw invalidParameter('KeySpec');
  return spec;
}

/** What is accepted in its documented shape, and has no effect here. */
function checkUnused(parameters: Parameters): void {
  parameters.choice('KeyStorageMechanism', ['HsmInternal', 'HsmEncryptedDatabase'], 'HsmInternal');
  if (Buffer.byteLength(parameters.optional('Policy') ?? '') > MAX_POLICY_BYTES)
    throw invalidParameter('Policy');
  const policy: unknown = parameters.json('Policy') ?? {};
  if (typeof policy !== 'object' || Array.isArray(policy)) throw invalidParameter('Policy');
}

function readInstanceId(parameters: Parameters): string | undefined {
  const instanceId = parameters.optional('DKMSInstanceId');
  if (instanceId !== undefined && !/^kst-[a-z0-9]{1,64}$/.test(instanceId)) {
    throw new Refusal('Forbidden.DKMSInstanceNotFound');
  }
  return instanceId;
}

function requireUsable(spec: KeySpec, usage: KeyUsage): void {
  if (usage === 'ENCRYPT/DECRYPT' && keyFamily(spec) !== 'rsa') {
    throw new Refusal('Rejected.UnsupportedOperation');
  }
}
