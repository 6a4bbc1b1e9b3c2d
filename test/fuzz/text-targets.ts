/** Texts that people paste, download and commit: keys, recipients, ciphertext. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { decodeBech32, encodeBech32 } from '../../src/age/bech32.js';
import { decodeKmsIdentity, encodeKmsIdentity } from '../../src/age/kms-identity-string.js';
import { decodeKmsRecipient, encodeKmsRecipient } from '../../src/age/kms-recipient-string.js';
import { parseCiphertext } from '../../src/crypto/ciphertext.js';
import { formatPublicKeyFile, parsePublicKeyFile } from '../../src/crypto/public-key-file.js';
import type { EncryptionKey } from '../../src/crypto/public-key.js';
import { readOrRefuse, type FuzzTarget } from './target.js';

const LOCATOR = { region: 'cn-hangzhou', keyId: 'key-hzz62f1c2d5abc', keyVersionId: 'v-1' };

/**
 * All targets.
 *
 * @param pems - public keys as openssl writes them
 */
export function textTargets(key: EncryptionKey, pems: readonly string[]): FuzzTarget[] {
  const recipient = encodeKmsRecipient({ key, locator: LOCATOR });
  const identities = [{}, LOCATOR, { keyId: 'key-a' }].map((locator) => encodeKmsIdentity(locator));
  const bech32 = { recipients: [recipient], identities };
  return [
    ciphertext(),
    publicKeyFile(key, pems),
    canonical('KMS recipient', bech32.recipients, (text) => encodeKmsRecipient(decodeKmsRecipient(text))),
    canonical('KMS identity', bech32.identities, (text) => encodeKmsIdentity(decodeKmsIdentity(text))),
  ];
}

/** Base64 is recognised only where it is the base64 of what comes out. */
function ciphertext(): FuzzTarget {
  const raw = [256, 384, 512].map((size) => Buffer.alloc(size, 0xb7));
  const texts = raw.flatMap((bytes) => {
    const base64 = bytes.toString('base64');
    return [base64, base64.replaceAll(/.{64}/g, '$&\n'), bytes.toString('base64url')];
  });
  return {
    name: 'ciphertext and its base64',
    seeds: [...raw, ...texts.map((text) => Buffer.from(text))],
    tokens: ['\n', '\r\n', '=', '==', '-', '_', '+', '\ufeff', '"', '{"CiphertextBlob":"', '\0'],
    accepts: async (input) => {
      const read = await readOrRefuse(() => parseCiphertext(input, 'it'));
      if (!read) return false;
      const expected = read.encoding === 'raw' ? input : Buffer.from(input.toString('latin1'), 'base64');
      if (!read.bytes.equals(expected)) throw new Error('something else was read');
      return true;
    },
  };
}

/** A key that is read is whole, large enough, the one its fingerprint says, and survives being written. */
function publicKeyFile(key: EncryptionKey, pems: readonly string[]): FuzzTarget {
  const [pem = ''] = pems;
  return {
    name: 'public key file',
    seeds: [formatPublicKeyFile(pem, key, LOCATOR), ...pems].map((text) => Buffer.from(text)),
    tokens: ['\n', '\r\n', 'KeyId: ', 'Fingerprint: SHA256:', 'Region: ', '-----BEGIN PUBLIC KEY-----', '\0'],
    accepts: async (input) => {
      const read = await readOrRefuse(() => parsePublicKeyFile(input, 'it'));
      if (!read) return false;
      const { publicKey, ...locator } = read;
      const spki = publicKey.keyObject.export({ type: 'spki', format: 'der' });
      const digest = createHash('sha256').update(spki).digest('base64').replace(/=+$/, '');
      if (publicKey.fingerprint !== digest) throw new Error('it has another fingerprint');
      const written = formatPublicKeyFile(
        publicKey.keyObject.export({ type: 'spki', format: 'pem' }).toString(),
        publicKey,
        locator,
      );
      const again = parsePublicKeyFile(Buffer.from(written), 'it');
      if (!isDeepStrictEqual({ ...again, publicKey }, read))
        throw new Error('it reads differently when it is written');
      return true;
    },
  };
}

/** Bech32 texts whose checksum is good: what is damaged is what they hold. One thing has one text. */
function canonical(name: string, texts: readonly string[], writeAgain: (text: string) => string): FuzzTarget {
  const held = texts.map((text) => decodeBech32(text));
  const prefix = held[0]?.prefix ?? '';
  return {
    name,
    seeds: held.map((each) => Buffer.from(each?.bytes ?? [])),
    tokens: ['\0', '\x01', '\x02', '\x0b', '\x82\x01', '\xff', 'cn-hangzhou', 'key-'],
    accepts: async (input) => {
      const text = encodeBech32({ prefix, bytes: input });
      const again = await readOrRefuse(() => writeAgain(text));
      if (again !== undefined && again !== text) throw new Error('it has two spellings');
      return again !== undefined;
    },
  };
}
