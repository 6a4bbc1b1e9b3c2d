/** The library: local encryption, the KMS client, and the emulator for tests. */
export { KmsAsymError, type ErrorCode, type ErrorDetails, type ServiceDetails } from './errors.js';
export {
  DEFAULT_OAEP_ALGORITHM,
  maxPlaintextBytes,
  type EcKeySpec,
  type OaepAlgorithmName,
  type RsaKeySpec,
  type SignatureAlgorithmName,
} from './crypto/algorithms.js';
export { encryptOaep } from './crypto/oaep.js';
export {
  parsePublicKey,
  requireEncryptionKey,
  type EncryptionKey,
  type PublicKey,
} from './crypto/public-key.js';
export type { KeyLocator } from './crypto/key-locator.js';
export {
  checkFingerprint,
  formatPublicKeyFile,
  parsePublicKeyFile,
  type PublicKeyFile,
} from './crypto/public-key-file.js';
export { SignedData } from './crypto/signature.js';
export type {
  Alias,
  ChangeOutput,
  CreateKeyInput,
  DecryptOutput,
  EncryptOutput,
  KeyFilter,
  KeyMetadata,
  KeyVersion,
  KeyVersionRef,
  KmsClient,
  KmsClientOptions,
  ListedKey,
  PublicKeyOutput,
  SignOutput,
} from './kms/client.js';
export { createKmsClient } from './kms/connect.js';
export type { FaultOptions } from './emulator/gate/faults.js';
export type { Emulator, EmulatorOptions } from './emulator/options.js';
export type { Denial } from './emulator/gate/permissions.js';
export type { RequestRecord } from './emulator/http/request-log.js';
export type { ServiceMode } from './emulator/service-mode.js';
export type { AccessKey } from './emulator/signature/access-key.js';
export { startEmulator } from './emulator/start.js';
export type { TlsCertificate } from './emulator/tls/identity.js';
export { VERSION } from './version.js';
