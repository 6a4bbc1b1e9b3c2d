/** GetPublicKey (KMS API 2016-01-20): SPKI PEM in 64 columns with a newline at the end. */
import { withDryRun } from '../call/dry-run.js';
import { findKey, findVersion } from '../call/key-reference.js';
import { publicKeyOf } from '../keys/key.js';

/** Answers with the public key of a version; reading it is allowed in every state of the key. */
export const GetPublicKey = withDryRun((call) => {
  call.parameters.requireAll('KeyId', 'KeyVersionId');
  const key = findKey(call);
  const version = findVersion(call, key);
  return {
    KeyId: key.keyId,
    KeyVersionId: version.keyVersionId,
    PublicKey: publicKeyOf(version).export({ type: 'spki', format: 'pem' }),
  };
});
