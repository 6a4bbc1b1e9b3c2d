/** Starts an emulator in this process. */

/** How an emulator is to run; every member has a default. */
export interface EmulatorOptions {
  /** TCP port on 127.0.0.1; 0 (default) lets the system choose. */
  readonly port?: number;
  /** Region the emulator plays; default `cn-hangzhou`. */
  readonly region?: string;
  /** Told about things a person should know (one line each, no newline); default: nobody. */
  readonly onNotice?: (line: string) => void;
}

/** A running emulator. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  /** Fresh random credentials that the emulator accepts. */
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Name of the HSM backend. */
  readonly backend: string;
  /** Stops accepting, ends open connections, closes the HSM. Safe to call twice. */
  close(): Promise<void>;
}

export async function startEmulator(_options: EmulatorOptions = {}): Promise<Emulator> {
  return Promise.reject(new Error('not built yet'));
}
