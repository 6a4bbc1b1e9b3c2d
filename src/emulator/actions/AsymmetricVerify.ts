/**
 * AsymmetricVerify (KMS API 2016-01-20): needs the public half alone, so no device is asked. A signature that is no
 * signature at all is a false one, whatever its length: the documentation knows no error for it.
 */
import { readAsymmetricCall } from '../call/asymmetric-call.js';
import { withDryRun } from '../call/dry-run.js';
import { publicKeyOf } from '../keys/key.js';
import { SIGNING, VERIFIERS } from '../signing/algorithms.js';
import { readDigest } from '../signing/digest.js';

/** Answers whether the signature is one of the digest. */
export const AsymmetricVerify = withDryRun((call) => {
  const { version, algorithm, identity, input } = readAsymmetricCall(
    call,
    SIGNING,
    ['Digest', 'Value'],
    (whole) => ({ digest: readDigest(whole), signature: whole.parameters.base64('Value') }),
  );
  const { digest, signature } = input;
  return { ...identity, Value: VERIFIERS[algorithm](publicKeyOf(version), digest, signature) };
});
