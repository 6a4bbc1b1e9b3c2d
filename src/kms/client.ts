/**
 * The KMS service as the rest of the program sees it: one method per action of the 2016-01-20 API, bytes in
 * and bytes out. Base64, paging, signatures, deadlines and retries stay behind this interface.
 *
 * Every method rejects with a `KmsAsymError`: `service-refused` (the service's code, message and RequestId are
 * kept), `credentials`, `configuration`, `network`, `timeout`, `unavailable` or `invalid-response`.
 */

import type { Pace } from './pace.js';

/** Parameters of CreateKey; absent ones are not sent. */
export interface CreateKeyInput {
  readonly keySpec: string;
  readonly keyUsage: string;
  readonly protectionLevel: string;
  readonly origin: string;
  /** DKMSInstanceId, `kst-…`. */
  readonly instanceId?: string;
  readonly description?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

/**
 * The parts of KeyMetadata that the program uses, as the service spells their values. Only the id is certain: a key
 * that exists must not get lost because the answer about it lacks something else.
 */
export interface KeyMetadata {
  readonly keyId: string;
  readonly arn: string | undefined;
  readonly keySpec: string | undefined;
  readonly keyUsage: string | undefined;
  readonly keyState: string | undefined;
  readonly protectionLevel: string | undefined;
  readonly origin: string | undefined;
  /** ISO 8601, UTC. */
  readonly creationDate: string | undefined;
  /** When the key will be gone, ISO 8601, UTC; only of keys in state PendingDeletion. */
  readonly deleteDate: string | undefined;
  /** Account id. */
  readonly creator: string | undefined;
  /** In any characters, controls too. */
  readonly description: string | undefined;
  /** DKMSInstanceId, `kst-…`. */
  readonly instanceId: string | undefined;
  /** `Enabled` when the key cannot be scheduled for deletion. */
  readonly deletionProtection: string | undefined;
  readonly requestId: string;
}

/** One condition of ListKeys: the property `name`, for example `KeyState`, has one of the values. */
export interface KeyFilter {
  readonly name: string;
  readonly values: readonly string[];
}

/** What ListKeys says about a key. */
export interface ListedKey {
  readonly keyId: string;
  readonly arn: string | undefined;
}

/** A name for a key. */
export interface Alias {
  /** Starts with `alias/`. */
  readonly aliasName: string;
  readonly keyId: string;
  readonly arn: string | undefined;
}

/** Answer of an action that only changes something. */
export interface ChangeOutput {
  /** Empty when the answer got lost and the change was seen to have been made. */
  readonly requestId: string;
}

/** One version of a key. */
export interface KeyVersion {
  readonly keyId: string;
  readonly keyVersionId: string;
  /** ISO 8601, UTC. */
  readonly creationDate: string;
}

/** Names one version of one key; `keyId` may be an id, an `alias/…` or an ARN where the action takes one. */
export interface KeyVersionRef {
  readonly keyId: string;
  readonly keyVersionId: string;
}

/** Answer of GetPublicKey; ids are the resolved ones. */
export interface PublicKeyOutput extends KeyVersionRef {
  /** SPKI PEM exactly as the service wrote it. */
  readonly publicKeyPem: string;
  readonly requestId: string;
}

/** Answer of AsymmetricDecrypt; ids are the resolved ones. */
export interface DecryptOutput extends KeyVersionRef {
  readonly plaintext: Uint8Array;
  readonly requestId: string;
}

/** Answer of AsymmetricEncrypt; ids are the resolved ones. */
export interface EncryptOutput extends KeyVersionRef {
  readonly ciphertext: Uint8Array;
  readonly requestId: string;
}

/** Answer of AsymmetricSign; ids are the resolved ones. */
export interface SignOutput extends KeyVersionRef {
  /** RSA: as long as the modulus. ECDSA: DER. */
  readonly signature: Uint8Array;
  readonly requestId: string;
}

/** The actions; see the top of this file for what they reject with. */
export interface KmsClient {
  createKey(input: CreateKeyInput): Promise<KeyMetadata>;
  describeKey(keyId: string): Promise<KeyMetadata>;
  /** All keys, or those that meet all conditions; every page, in the service's order. */
  listKeys(filters?: readonly KeyFilter[]): Promise<readonly ListedKey[]>;
  /** The state changes take an id, no alias or ARN. */
  enableKey(keyId: string): Promise<ChangeOutput>;
  disableKey(keyId: string): Promise<ChangeOutput>;
  /** `days` from 7 to 366 until the key is gone. */
  scheduleKeyDeletion(keyId: string, days: number): Promise<ChangeOutput>;
  cancelKeyDeletion(keyId: string): Promise<ChangeOutput>;

  createKeyVersion(keyId: string): Promise<KeyVersion & ChangeOutput>;
  /** All versions, every page, newest first (by creation date; ties keep the service's order). */
  listKeyVersions(keyId: string): Promise<readonly KeyVersion[]>;
  getPublicKey(ref: KeyVersionRef): Promise<PublicKeyOutput>;

  asymmetricEncrypt(ref: KeyVersionRef, algorithm: string, plaintext: Uint8Array): Promise<EncryptOutput>;
  asymmetricDecrypt(ref: KeyVersionRef, algorithm: string, ciphertext: Uint8Array): Promise<DecryptOutput>;
  /** `digest` is SHA-256, 32 bytes. */
  asymmetricSign(ref: KeyVersionRef, algorithm: string, digest: Uint8Array): Promise<SignOutput>;

  /** `aliasName` starts with `alias/`; `keyId` is an id, no alias or ARN. */
  createAlias(keyId: string, aliasName: string): Promise<ChangeOutput>;
  updateAlias(keyId: string, aliasName: string): Promise<ChangeOutput>;
  deleteAlias(aliasName: string): Promise<ChangeOutput>;
  /** All aliases, or those of one key, named by its id; every page, in the service's order. */
  listAliases(keyId?: string): Promise<readonly Alias[]>;

  /** Closes idle connections; the client may not be used afterwards. */
  close(): void;
}

/** Everything the client needs to know, already merged from flags, environment and files by the caller. */
export interface KmsClientOptions {
  /** Region id, for example `cn-hangzhou`; needed unless `endpoint` is given. */
  readonly region?: string;
  /** `host[:port]`, `https://host[:port]`, or `http://` to a loopback host; wins over `region`. */
  readonly endpoint?: string;
  /** The region's endpoint inside the cloud's own network, `kms-vpc.…`, in place of the public one. */
  readonly vpc?: boolean;
  /** PEM text of additional trusted authorities. */
  readonly caPem?: string;
  /** Profile name of the aliyun CLI configuration. */
  readonly profile?: string;
  /** Deadline in milliseconds for the connection (TCP and TLS) to stand. */
  readonly connectTimeoutMs: number;
  /** Deadline in milliseconds for the whole answer after the request was sent, however slowly it drips. */
  readonly readTimeoutMs: number;
  /** Deadline in milliseconds for one call with all its repetitions and waits; none when absent. */
  readonly totalTimeoutMs?: number;
  /** How many times a throttled, failed (5xx) or unreachable call is tried again; 0 is never. */
  readonly retryCount: number;
  /** Environment for credentials and proxies; `process.env` when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Shared by clients that are to keep one rate together; none when absent. */
  readonly pace?: Pace;
  /** Told once before each wait of the retry loop; `waitMs` in milliseconds. */
  readonly onRetry?: (notice: { action: string; reason: string; attempt: number; waitMs: number }) => void;
}
