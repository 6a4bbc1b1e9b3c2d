/** Checks of a key: that it is there and ready, its versions, its public key, and one round trip through it. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_OAEP_ALGORITHM } from '../../crypto/algorithms.js';
import { encryptOaep } from '../../crypto/oaep.js';
import { parsePublicKey, requireEncryptionKey } from '../../crypto/public-key.js';
import { KmsAsymError } from '../../errors.js';
import type { KeyMetadata, KmsClient } from '../../kms/client.js';
import { createKmsClient } from '../../kms/connect.js';
import { serviceHints } from '../../kms/service-hints.js';
import type { Check, Examination } from './examination.js';

const CANARY_BYTES = 32;

function needsKey({ keyId, file, isAccepted }: Examination): string | undefined {
  if (keyId === undefined) {
    return file
      ? `"${file.fileName}" does not say which key it is: add --key-id ID`
      : 'no key is named: --public-key FILE or --key-id ID';
  }
  return isAccepted ? undefined : 'the service has to accept calls first';
}

/** The key exists, is enabled, and is for encryption. */
const key: Check = {
  name: 'key',
  blocked: needsKey,
  run: async (examination) => {
    const { keyId = '' } = examination;
    const found = await (await openClient(examination)).describeKey(keyId);
    examination.key = found;
    requireReady(found);
    const { keySpec = 'unknown spec', keyUsage = 'unknown usage', keyState = 'unknown state' } = found;
    return `"${found.keyId}" is ${keyState}, ${keySpec}, ${keyUsage}`;
  },
};

function requireReady({ keyId, keyState, keyUsage }: KeyMetadata): void {
  if (keyState !== undefined && keyState !== 'Enabled') {
    const hints = serviceHints(`Rejected.${keyState}`, { action: '', keyId });
    throw new KmsAsymError('service-refused', `"${keyId}" is in state ${keyState}`, { hints });
  }
  if (keyUsage === 'SIGN/VERIFY') {
    throw new KmsAsymError('key-mismatch', `"${keyId}" is for SIGN/VERIFY and never decrypts`, {
      hints: ['take a key with KeyUsage ENCRYPT/DECRYPT; "kms-asym create-key" makes one'],
    });
  }
}

/** A key that DescribeKey does not find needs no more questions; one that may not be described may still work. */
function needsFoundKey(examination: Examination): string | undefined {
  const { key: found, isHidden } = examination;
  return needsKey(examination) ?? (found || isHidden ? undefined : 'the key has to be found first');
}

/** The version that is meant exists. */
const version: Check = {
  name: 'version',
  blocked: needsFoundKey,
  run: async (examination) => {
    const { keyId = '', keyVersionId } = examination;
    const versions = await (await openClient(examination)).listKeyVersions(keyId);
    const ids = versions.map((each) => each.keyVersionId);
    const count = `the key has ${ids.length} version${ids.length === 1 ? '' : 's'}`;
    if (keyVersionId === undefined) {
      const [newest] = ids;
      if (newest !== undefined) examination.keyVersionId = newest;
      return `${count}, the newest is "${newest ?? ''}"`;
    }
    if (ids.includes(keyVersionId)) return `${count}, "${keyVersionId}" is one of them`;
    throw new KmsAsymError('key-mismatch', `${count}, but none is "${keyVersionId}"`, {
      hints: ids.slice(0, 5).map((id) => `--key-version-id ${id}`),
    });
  },
};

function needsVersion(examination: Examination): string | undefined {
  return (
    needsFoundKey(examination) ??
    (examination.keyVersionId === undefined ? 'a version has to be known first' : undefined)
  );
}

/** The public key can be fetched, and a public key file holds the same. */
const publicKey: Check = {
  name: 'public key',
  blocked: needsVersion,
  run: async (examination) => {
    const { keyId = '', keyVersionId = '', file } = examination;
    const answer = await (await openClient(examination)).getPublicKey({ keyId, keyVersionId });
    const live = parsePublicKey(Buffer.from(answer.publicKeyPem), answer.keyId);
    examination.publicKey = live;
    const fingerprint = `SHA256:${live.fingerprint}`;
    if (file === undefined) return `fingerprint ${fingerprint}`;
    if (file.publicKey.fingerprint === live.fingerprint)
      return `"${file.fileName}" holds it, fingerprint ${fingerprint}`;
    throw new KmsAsymError(
      'fingerprint-mismatch',
      `"${file.fileName}" holds another key (SHA256:${file.publicKey.fingerprint}) than KMS (${fingerprint})`,
      { hints: [`fetch it again: kms-asym get-public-key --key-id ${answer.keyId} -o FILE`] },
    );
  },
};

/** What is encrypted here, KMS decrypts. */
const roundTrip: Check = {
  name: 'round trip',
  blocked: (examination) => {
    const { key: found } = examination;
    if (found?.keyState !== undefined && found.keyState !== 'Enabled')
      return 'the key has to be enabled first';
    if (found?.keyUsage === 'SIGN/VERIFY') return 'the key has to be for ENCRYPT/DECRYPT';
    const blocked = needsVersion(examination);
    return (
      blocked ?? (examination.publicKey || examination.file ? undefined : 'a public key is needed first')
    );
  },
  run: async (examination) => {
    const { keyId = '', keyVersionId = '', publicKey: live, file } = examination;
    const known = live ?? file?.publicKey;
    if (known === undefined) throw new TypeError('checked before');
    const canary = randomBytes(CANARY_BYTES);
    const ciphertext = encryptOaep(requireEncryptionKey(known, keyId), canary);
    const kms = await openClient(examination);
    const startMs = performance.now();
    const answer = await kms.asymmetricDecrypt({ keyId, keyVersionId }, DEFAULT_OAEP_ALGORITHM, ciphertext);
    if (!canary.equals(answer.plaintext)) {
      throw new KmsAsymError('invalid-response', 'KMS decrypts to something else than was encrypted', {
        hints: ['check --endpoint: this may not be the KMS service'],
      });
    }
    return `KMS decrypts what is encrypted here, in ${Math.round(performance.now() - startMs)} ms`;
  },
};

async function openClient(examination: Examination): Promise<KmsClient> {
  const { client } = examination;
  if (client === undefined) throw new TypeError('checked before');
  examination.kms ??= await createKmsClient(client);
  return examination.kms;
}

/** In the order in which they build upon each other. */
export const KEY_CHECKS: readonly Check[] = [key, version, publicKey, roundTrip];
