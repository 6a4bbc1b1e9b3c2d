/** What is done with a key: bytes in and bytes out, base64 between. */
import * as kms from '@alicloud/kms20160120';
import { encodeBase64 } from '../crypto/encoding.js';
import type { Call } from './call.js';
import type { KmsClient } from './client.js';
import { Fields } from './fields.js';
import { resolved } from './outputs.js';

type AsymmetricActions = Pick<KmsClient, 'asymmetricEncrypt' | 'asymmetricDecrypt' | 'asymmetricSign'>;

/** Longest signature that a key of the service makes, in bytes: that of RSA_4096. */
const MAX_SIGNATURE_BYTES = 512;

/** The actions that use a key. */
export function asymmetricActions(call: Call): AsymmetricActions {
  return {
    asymmetricEncrypt: async (ref, algorithm, bytes) => {
      const request = new kms.AsymmetricEncryptRequest({ ...ref, algorithm, plaintext: encodeBase64(bytes) });
      const answer = await call('AsymmetricEncrypt', request, new kms.AsymmetricEncryptResponse({}));
      const fields = new Fields('AsymmetricEncrypt');
      const ciphertext = fields.bytes(answer.ciphertextBlob, 'CiphertextBlob');
      return { ...resolved(fields, ref, answer), ciphertext };
    },
    asymmetricDecrypt: async (ref, algorithm, ciphertext) => {
      const ciphertextBlob = encodeBase64(ciphertext);
      const request = new kms.AsymmetricDecryptRequest({ ...ref, algorithm, ciphertextBlob });
      const answer = await call('AsymmetricDecrypt', request, new kms.AsymmetricDecryptResponse({}));
      const fields = new Fields('AsymmetricDecrypt');
      const plaintext = fields.bytes(answer.plaintext, 'Plaintext');
      // Padding makes every ciphertext longer than what is in it.
      if (plaintext.length >= ciphertext.length) throw fields.invalid('Plaintext');
      return { ...resolved(fields, ref, answer), plaintext };
    },
    asymmetricSign: async (ref, algorithm, bytes) => {
      const request = new kms.AsymmetricSignRequest({ ...ref, algorithm, digest: encodeBase64(bytes) });
      const answer = await call('AsymmetricSign', request, new kms.AsymmetricSignResponse({}));
      const fields = new Fields('AsymmetricSign');
      const signature = fields.bytes(answer.value, 'Value');
      if (signature.length === 0 || signature.length > MAX_SIGNATURE_BYTES) throw fields.invalid('Value');
      return { ...resolved(fields, ref, answer), signature };
    },
  };
}
