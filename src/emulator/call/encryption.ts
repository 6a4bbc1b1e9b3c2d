/** The encryption algorithms of AsymmetricEncrypt and AsymmetricDecrypt. */
import type { OaepAlgorithmName } from '../../crypto/algorithms.js';
import type { AlgorithmChoice } from './asymmetric-call.js';

/** RSA-OAEP, for RSA keys alone. */
export const ENCRYPTION: AlgorithmChoice<OaepAlgorithmName> = {
  usage: 'ENCRYPT/DECRYPT',
  families: { RSAES_OAEP_SHA_256: 'rsa', RSAES_OAEP_SHA_1: 'rsa' },
  foreign: 'SM2PKE',
};
