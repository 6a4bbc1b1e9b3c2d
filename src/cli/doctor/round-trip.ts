/** One round trip through the key: KMS undoes, or does, what is done, or undone, here. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_OAEP_ALGORITHM } from '../../crypto/algorithms.js';
import { encryptOaep } from '../../crypto/oaep.js';
import { requireEncryptionKey, type PublicKey } from '../../crypto/public-key.js';
import { SignedData } from '../../crypto/signature.js';
import { KmsAsymError } from '../../errors.js';
import type { KeyVersionRef, KmsClient } from '../../kms/client.js';
import { monotonicMs } from '../../monotonic.js';
import { chooseAlgorithm } from '../signing-key.js';
import { openClient, type Check, type Examination } from './examination.js';
import { needsVersion } from './needs.js';

const CANARY_BYTES = 32;

/** A canary goes through the key in the way that the key is for. */
export const roundTrip: Check = {
  name: 'round trip',
  blocked: (examination) => {
    const { key } = examination;
    if (key?.keyState !== undefined && key.keyState !== 'Enabled') return 'the key has to be enabled first';
    return (
      needsVersion(examination) ?? (knownPublicKey(examination) ? undefined : 'a public key is needed first')
    );
  },
  run: async (examination) => {
    const { keyId = '', keyVersionId = '' } = examination;
    const publicKey = knownPublicKey(examination);
    if (publicKey === undefined) throw new TypeError('checked before');
    const kms = await openClient(examination);
    const attempt = signs(examination, publicKey) ? requireSignature : requireDecryption;
    const startMs = monotonicMs();
    const done = await attempt(kms, { keyId, keyVersionId }, publicKey);
    return `${done}, in ${Math.round(monotonicMs() - startMs)} ms`;
  },
};

function knownPublicKey({ publicKey, file }: Examination): PublicKey | undefined {
  return publicKey ?? file?.publicKey;
}

/** A key that may not be described is taken for what its type allows. */
function signs({ key }: Examination, { keySpec }: PublicKey): boolean {
  return key?.keyUsage === undefined ? keySpec.startsWith('EC_') : key.keyUsage === 'SIGN/VERIFY';
}

async function requireDecryption(kms: KmsClient, ref: KeyVersionRef, publicKey: PublicKey): Promise<string> {
  const canary = randomBytes(CANARY_BYTES);
  const ciphertext = encryptOaep(requireEncryptionKey(publicKey, ref.keyId), canary);
  const { plaintext } = await kms.asymmetricDecrypt(ref, DEFAULT_OAEP_ALGORITHM, ciphertext);
  if (canary.equals(plaintext)) return 'KMS decrypts what is encrypted here';
  throw anotherService('KMS decrypts to something else than was encrypted');
}

async function requireSignature(kms: KmsClient, ref: KeyVersionRef, publicKey: PublicKey): Promise<string> {
  const algorithm = chooseAlgorithm(undefined, publicKey.keySpec, ref.keyId);
  const data = new SignedData({ publicKey, algorithm });
  data.update(randomBytes(CANARY_BYTES));
  const { signature } = await kms.asymmetricSign(ref, algorithm, data.digest());
  if (data.isSignedBy(signature)) return 'KMS makes signatures that verify here';
  throw anotherService('KMS makes a signature that does not verify');
}

function anotherService(message: string): KmsAsymError {
  return new KmsAsymError('invalid-response', message, {
    hints: ['check --endpoint: this may not be the KMS service'],
  });
}
