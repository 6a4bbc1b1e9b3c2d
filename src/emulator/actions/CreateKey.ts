/** CreateKey (KMS API 2016-01-20): asymmetric keys only, made inside the device of their protection level. */
import type { Action } from '../action.js';
import { keyMetadata } from '../key-metadata.js';
import {
  FOREIGN_KEY_SPECS,
  isRsaKeySpec,
  KEY_SPECS,
  KEY_USAGES,
  type KeySpec,
  type KeyUsage,
} from '../keys/key-spec.js';
import { MAX_DESCRIPTION } from '../keys/quotas.js';
import { parseTags } from '../keys/tags.js';
import type { Parameters } from '../parameters.js';
import { invalidParameter, notImitated, Refusal } from '../refusal.js';

/** Answers with the new key's metadata. */
export const CreateKey: Action = async ({ parameters, keys, account }) => {
  const spec = readSpec(parameters);
  const usage = readUsage(parameters, spec);
  refuseForeignMaterial(parameters);
  const key = await keys.create({
    spec,
    usage,
    protectionLevel: parameters.choice('ProtectionLevel', ['SOFTWARE', 'HSM'], 'SOFTWARE'),
    description: readDescription(parameters),
    instanceId: readInstanceId(parameters),
    tags: parseTags(parameters.optional('Tags') ?? '[]'),
  });
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

// Without a usage the documentation says SIGN/VERIFY for every spec that signs, and all of these do.
function readUsage(parameters: Parameters, spec: KeySpec): KeyUsage {
  const usage = parameters.choice('KeyUsage', KEY_USAGES, 'SIGN/VERIFY');
  if (usage === 'ENCRYPT/DECRYPT' && !isRsaKeySpec(spec)) throw new Refusal('Rejected.UnsupportedOperation');
  return usage;
}

function refuseForeignMaterial(parameters: Parameters): void {
  const origin = parameters.choice('Origin', ['Aliyun_KMS', 'EXTERNAL'], 'Aliyun_KMS');
  if (origin === 'EXTERNAL') throw new Refusal('Unsupported.Origin');
  const rotates = parameters.choice('EnableAutomaticRotation', ['true', 'false'], 'false');
  if (rotates === 'true') throw new Refusal('Rejected.UnsupportedOperation');
}

function readDescription(parameters: Parameters): string {
  const description = parameters.optional('Description') ?? '';
  if (description.length > MAX_DESCRIPTION) throw invalidParameter('Description');
  return description;
}

function readInstanceId(parameters: Parameters): string | undefined {
  const instanceId = parameters.optional('DKMSInstanceId');
  if (instanceId !== undefined && !/^kst-[a-z0-9]{1,64}$/.test(instanceId)) {
    throw new Refusal('Forbidden.DKMSInstanceNotFound');
  }
  return instanceId;
}
