/** How an emulator is started from a program, and what the program gets. */
import type { Clock } from './clock.js';
import type { FaultOptions } from './gate/faults.js';
import type { Denial } from './gate/permissions.js';
import type { RequestRecord } from './http/request-log.js';
import type { ServiceMode } from './service-mode.js';
import type { AccessKey } from './signature/access-key.js';
import type { TlsCertificate } from './tls/identity.js';

/** How an emulator is to run; every member has a default. */
export interface EmulatorOptions {
  /** TCP port on 127.0.0.1; 0 (default) lets the system choose. */
  readonly port?: number;
  /** Region the emulator plays; default `cn-hangzhou`. */
  readonly region?: string;
  /** HSM that keys of ProtectionLevel HSM live in: `auto` (default), `softhsm`, `software` or a `pkcs11:` URI. */
  readonly hsm?: string;
  /**
   * Directory in which keys and aliases survive the end of the emulator, also a sudden one; made when missing. Default:
   * they end with it. One emulator at a time may use it, always with the HSM it was made with.
   */
  readonly stateDir?: string;
  /**
   * Keys to begin with, as parsed JSON: an object whose `keys` are objects with KeyId, KeySpec, and as one likes
   * KeyUsage, ProtectionLevel, Description, KeyState, Aliases (an array of `alias/…`), Tags (an object) and Versions (an
   * array of objects with KeyVersionId, and PrivateKey as PKCS#8 in PEM unless it shall be generated). Keys that a state
   * directory has already are left as they are.
   */
  readonly seed?: unknown;
  /** Which of the service's two contracts to keep; default `legacy`. */
  readonly serviceMode?: ServiceMode;
  /** The present in milliseconds since the epoch, for dates and signatures; default `Date.now`. */
  readonly clock?: Clock;
  /**
   * HTTPS: `true` with a private authority and a certificate for localhost, 127.0.0.1 and ::1, made on the spot; or
   * the given certificate. Default: plain HTTP.
   */
  readonly tls?: boolean | TlsCertificate;
  /** Credentials to accept; default one fresh random pair. {@link Emulator} repeats the first. */
  readonly accessKeys?: readonly AccessKey[];
  /** What is answered with 403 `Forbidden.NoPermission`; default nothing. */
  readonly deny?: readonly Denial[];
  /** Calls per second of all credentials together, then 429 `Rejected.Throttling`; default no limit. */
  readonly qps?: number;
  /** Trouble on purpose; default none. Notices tell the seed. */
  readonly faults?: FaultOptions;
  /** Told about things a person should know (one line each, no newline); must not throw; default: nobody. */
  readonly onNotice?: (line: string) => void;
  /** Told about every request when its answer is ready; default: nobody. */
  readonly onRequest?: (record: RequestRecord) => void;
}

/** A running emulator. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`, or `https://…`; of `localhost` when a given certificate is for that name alone. */
  readonly endpoint: string;
  readonly region: string;
  /** Credentials that the emulator accepts: the first of the given ones, else fresh random ones. */
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Belongs to these credentials; absent when they have none. */
  readonly securityToken?: string;
  /** PEM of the private authority to trust; absent without TLS, and for a given certificate. */
  readonly caPem?: string;
  /** Name of the HSM backend. */
  readonly backend: string;
  /** Stops accepting, answers what is under way (for two seconds at most), closes the HSM. Safe to call twice. */
  close(): Promise<void>;
}
