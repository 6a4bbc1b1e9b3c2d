/** AsymmetricSign (KMS API 2016-01-20): signs a ready digest; there is no mode for whole messages. */
import { encodeBase64 } from '../../crypto/encoding.js';
import { readAsymmetricCall } from '../call/asymmetric-call.js';
import { withDryRun } from '../call/dry-run.js';
import { readDigest } from '../signing/digest.js';
import { SIGNING } from '../signing/algorithms.js';

/** Answers with the signature: as long as the modulus for RSA, DER for EC. */
export const AsymmetricSign = withDryRun(async (call) => {
  const signed = readAsymmetricCall(call, SIGNING, ['Digest'], readDigest);
  const { key, version, algorithm, identity, input } = signed;
  const signature = await call.keys.deviceOf(key).sign(version.hsmKey.ref, algorithm, input);
  return { ...identity, Value: encodeBase64(signature) };
});
