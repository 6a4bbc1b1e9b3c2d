/** Checks of a key: that it is there and ready, its versions, its public key, and one round trip through it. */
import { parsePublicKey } from '../../crypto/public-key.js';
import { KmsAsymError } from '../../errors.js';
import type { KeyMetadata } from '../../kms/client.js';
import { serviceHints } from '../../kms/service-hints.js';
import { openClient, type Check } from './examination.js';
import { needsFoundKey, needsKey, needsVersion } from './needs.js';
import { roundTrip } from './round-trip.js';

/** The key exists and is enabled. */
const key: Check = {
  name: 'key',
  blocked: needsKey,
  run: async (examination) => {
    const { keyId = '' } = examination;
    const found = await (await openClient(examination)).describeKey(keyId);
    examination.key = found;
    requireReady(found);
    const { keySpec = 'unknown spec', keyUsage = 'unknown usage', keyState = 'unknown state' } = found;
    const use = keyUsage === 'SIGN/VERIFY' ? ': for sign and verify, it never decrypts' : '';
    return `"${found.keyId}" is ${keyState}, ${keySpec}, ${keyUsage}${use}`;
  },
};

function requireReady({ keyId, keyState }: KeyMetadata): void {
  if (keyState !== undefined && keyState !== 'Enabled') {
    const hints = serviceHints(`Rejected.${keyState}`, { action: '', keyId });
    throw new KmsAsymError('service-refused', `"${keyId}" is in state ${keyState}`, { hints });
  }
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

/** In the order in which they build upon each other. */
export const KEY_CHECKS: readonly Check[] = [key, version, publicKey, roundTrip];
