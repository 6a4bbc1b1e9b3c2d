/**
 * The three standard streams as the program sees them: bytes, no encodings, no colours. `bin/` binds them to
 * the process; tests bind them to memory. All access is lazy: a run that never reads stdin never opens it.
 */

import type { FileIdentity } from './file-identity.js';
import type { PieceSource } from './pieces.js';

/** A stream that bytes come from. */
export interface ByteSource {
  /** True when a person sits at the other end. */
  readonly isTerminal: boolean;
  /** The regular file behind the stream, if there is one. */
  readonly identity?: FileIdentity | undefined;
  /**
   * The bytes until end of file, in chunks of any size but never empty, each valid until the one after the next is asked
   * for. May be called once. Rejects with `KmsAsymError` `read-failed`.
   */
  chunks(): PieceSource;
}

/** A stream that bytes go to. */
export interface ByteSink {
  readonly isTerminal: boolean;
  /** Columns of the terminal, or `undefined` when it is none. */
  readonly columns?: number | undefined;
  /** The regular file behind the stream, if there is one. */
  readonly identity?: FileIdentity | undefined;
  /**
   * Resolves when the bytes are handed to the system, in order, under back-pressure.
   * Rejects with `KmsAsymError` `write-failed`; a reader that went away is {@link BrokenPipe} instead.
   */
  write(data: Uint8Array | string): Promise<void>;
  /**
   * As `write`, but resolves when the bytes are taken, and rejects about earlier ones too. Whoever uses it does so from then
   * on, and ends with `flush`. Absent where nothing would be gained.
   */
  writeBehind?(bytes: Uint8Array): Promise<void>;
  /** Memory that the bytes of the next `writeBehind` may be made in, at least so many; `undefined` when there is none. */
  space?(bytes: number): Uint8Array | undefined;
  /** Resolves when all bytes that `writeBehind` took are handed to the system; rejects as that does. */
  flush?(): Promise<void>;
}

/** Where a run's data comes from and goes to. */
export interface Stdio {
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
}

/** Thrown by a sink whose reader closed: the run ends quietly, like any filter in a pipeline. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}
