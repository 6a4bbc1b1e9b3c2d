/**
 * Where a result is written to. Lazy: nothing is created or touched before the first byte is known, so a run that
 * fails leaves no trace and no damage.
 */
import { KmsAsymError } from '../errors.js';
import { AtomicFile } from './atomic-file.js';
import { WRITTEN } from './descriptor.js';
import { Device } from './device.js';
import { isSameFile, type FileIdentity } from './file-identity.js';
import type { FileRegion } from './file-region.js';
import { inspectTarget, sameFile, type OutputTarget } from './output-target.js';
import type { ByteSink } from './stdio.js';
import { PlaintextScreen } from './plaintext-screen.js';

/** What is written, and where to. */
export interface OutputOptions {
  /** As given; `-` or nothing is stdout, and `-` also allows any bytes on a terminal. */
  readonly path: string | undefined;
  readonly stdout: ByteSink;
  /** Plaintext: files get mode 0600 whatever the umask, terminals get only printable text. */
  readonly secret: boolean;
  /** Replace an existing file, follow symbolic links. */
  readonly force: boolean;
  /** What a terminal would get; `binary` is refused there. Does not matter for secrets, whose bytes decide. */
  readonly kind: 'binary' | 'text';
  /** The flag that makes text of what is binary, for a hint. */
  readonly textFlag?: string | undefined;
  /** What is read; must not be the output. */
  readonly input?: { readonly identity?: FileIdentity | undefined };
  /** Paths of other files that are read, such as a key; must not be the output either. */
  readonly alsoRead?: readonly string[];
}

/** An output that is not there yet. */
export interface Output {
  /** For messages: the path as given, or `stdout`. */
  readonly name: string;
  /** True after bytes went where they cannot be taken back: a pipe, a terminal, a device. */
  readonly isReleased: boolean;
  /**
   * Early refusals, to be called before any expensive step; `write` calls it otherwise.
   *
   * @throws KmsAsymError `file-exists`, `same-file`, `file-not-found` (of the directory), `terminal`, `write-failed`
   */
  check(): void;
  /**
   * Writes bytes in order. Mostly done when it returns, and then that is `WRITTEN`. Rejects with `write-failed`,
   * `BrokenPipe` or as `check`, and then nothing is left behind.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Sets bytes aside, which somebody writes at their place before `commit`, in any order and from any thread; what is
   * written next comes behind them. `undefined`, or absent, for anything but a regular file. Throws as `write` rejects.
   */
  reserve?(bytes: number): FileRegion | undefined;
  /** Memory for the bytes of the next `write`, as `ByteSink.space`. */
  space?(bytes: number): Uint8Array | undefined;
  /** Ends the output: only now a file has its name. Rejects as `write`, also with `file-exists` and `terminal`. */
  commit(): Promise<void>;
  /** Gives up: a file is not created, or stays as it was. Does nothing after `commit` or a failure. */
  abort(): void;
}

/** Something that takes bytes. */
interface Writer extends Pick<Output, 'reserve' | 'space'> {
  /** What was written cannot be taken back. */
  readonly isFinal: boolean;
  write(bytes: Uint8Array): Promise<void>;
  commit(): void | Promise<void>;
  abort(): void;
}

/** Describes an output; does nothing yet. */
export function createOutput(options: OutputOptions): Output {
  return new LazyOutput(options);
}

class LazyOutput implements Output {
  readonly name: string;
  readonly #options: OutputOptions;
  #target: OutputTarget | undefined;
  #writer: Writer | undefined;
  #ended = false;
  isReleased = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.name = options.path === undefined || options.path === '-' ? 'stdout' : options.path;
  }

  check(): void {
    this.#target ??= this.#inspect();
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#ended ? undefined : this.#writer?.write(bytes);
    if (written !== WRITTEN) return this.#finish(bytes, written);
    this.#release(bytes);
    return WRITTEN;
  }

  async #finish(bytes: Uint8Array, written: Promise<void> | undefined): Promise<void> {
    const writer = this.#opened();
    try {
      await (written ?? writer.write(bytes));
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#release(bytes);
  }

  #release(bytes: Uint8Array): void {
    if (this.#writer?.isFinal && bytes.length > 0) this.isReleased = true;
  }

  reserve(bytes: number): FileRegion | undefined {
    this.check();
    return this.#target?.kind === 'file' ? this.#opened().reserve?.(bytes) : undefined;
  }

  space(bytes: number): Uint8Array | undefined {
    return this.#writer?.space?.(bytes);
  }

  async commit(): Promise<void> {
    const writer = this.#opened();
    try {
      await writer.commit();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#ended = true;
  }

  abort(): void {
    if (!this.#ended) this.#writer?.abort();
    this.#ended = true;
  }

  #opened(): Writer {
    if (this.#ended) throw new Error('the output has ended');
    return (this.#writer ??= this.#open(this.#target ?? this.#inspect()));
  }

  #inspect(): OutputTarget {
    const { path, force, input, alsoRead, stdout, secret, kind, textFlag } = this.#options;
    const target = inspectTarget(path ?? '-', force, input?.identity, alsoRead);
    if (target.kind !== 'stdout') return target;
    if (isSameFile(stdout.identity, input?.identity)) throw sameFile('stdout');
    if (path === undefined && !secret && kind === 'binary' && stdout.isTerminal) {
      throw new KmsAsymError('terminal', 'the result is binary, and stdout is a terminal', {
        hints: [
          '-o FILE',
          ...(textFlag === undefined ? [] : [`${textFlag} for text`]),
          '-o - to write to the terminal all the same',
        ],
      });
    }
    return target;
  }

  #open(target: OutputTarget): Writer {
    const { path, stdout, secret, force } = this.#options;
    if (target.kind === 'stdout') {
      const screened = secret && path === undefined && stdout.isTerminal;
      return screened ? new PlaintextScreen(stdout) : new Standard(stdout);
    }
    if (target.kind === 'device') return new Device(this.name);
    return new AtomicFile({
      target: target.path,
      subject: `"${this.name}"`,
      replace: force,
      mode: secret ? 0o600 : target.mode,
    });
  }
}

/** So many bytes are written at once; for more, a thread that writes is worth its start. */
const AT_ONCE_BYTES = 1024 * 1024;

/** Stdout as it is. */
class Standard implements Writer {
  readonly isFinal = true;
  #atOnceBytes = AT_ONCE_BYTES;

  constructor(private readonly stdout: ByteSink) {}

  write(bytes: Uint8Array): Promise<void> {
    if (this.#atOnceBytes <= 0 && this.stdout.writeBehind) return this.stdout.writeBehind(bytes);
    this.#atOnceBytes -= bytes.length;
    return this.stdout.write(bytes);
  }

  space(bytes: number): Uint8Array | undefined {
    return this.#atOnceBytes <= 0 ? this.stdout.space?.(bytes) : undefined;
  }

  async commit(): Promise<void> {
    await this.stdout.flush?.();
  }

  abort(): void {
    // What is written cannot be taken back.
  }
}
