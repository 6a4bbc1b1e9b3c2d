/**
 * Where a command writes to. Nothing is created before the first byte is written, and a regular file gets its final
 * name only when all of it is on disk: after a crash, a full disk or a signal the name is whole or absent, and what
 * stood there before still stands.
 */
import { KmsAsymError } from '../errors.js';
import { inspectTarget } from './output-target.js';
import { AtomicFile } from './atomic-file.js';
import { directFile } from './direct-file.js';
import type { Input } from './input.js';
import type { ByteSink } from './stdio.js';

/** How an output is to be made. */
export interface OutputOptions {
  /** File name; `-` is standard output on request, nothing is standard output by default. */
  readonly path: string | undefined;
  readonly stdout: ByteSink;
  /** Replace an existing file. */
  readonly force: boolean;
  /** Plaintext: mode 0600 whatever the umask, and no control characters to a terminal. */
  readonly secret: boolean;
  /** Binary data are kept off a terminal. */
  readonly kind: 'binary' | 'text';
  /** What is being read; must not be the same file. */
  readonly input?: Pick<Input, 'identity'>;
}

/** An output that does not exist yet. */
export interface Output {
  /**
   * Refuses early what cannot work, before anything expensive is done.
   * Throws `KmsAsymError` `file-exists`, `same-file`, `file-not-found`, `write-failed` or `terminal`.
   */
  check(): void;
  /** Appends bytes. On failure everything is undone before it rejects with `write-failed`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the output final. On failure everything is undone before it rejects. */
  commit(): Promise<void>;
  /** Undoes what was written to a file; what went to a stream stays there. */
  abort(): void;
}

/** The output for `options`, not yet created. */
export function createOutput(options: OutputOptions): Output {
  const { path } = options;
  if (path === undefined || path === '-' || path === '/dev/stdout') return new StreamOutput(options);
  return new FileOutput(path, options);
}

class StreamOutput implements Output {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  check(): void {
    const { secret, kind } = this.#options;
    if (!secret && kind === 'binary' && this.#isGuardedTerminal()) {
      throw new KmsAsymError('terminal', 'binary data is not written to a terminal', {
        hints: ['write a file: -o FILE', 'write text: --armor', 'or insist: -o -'],
      });
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#options.secret && this.#isGuardedTerminal() && !isHarmlessText(bytes)) {
      throw new KmsAsymError(
        'terminal',
        'the plaintext has control characters, which are not written to a terminal',
        {
          hints: ['write a file: -o FILE', 'or insist: -o -'],
        },
      );
    }
    await this.#options.stdout.write(bytes);
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {
    // Bytes that left cannot be called back.
  }

  #isGuardedTerminal(): boolean {
    return this.#options.path === undefined && this.#options.stdout.isTerminal;
  }
}

class FileOutput implements Output {
  readonly #path: string;
  readonly #options: OutputOptions;
  #file: Output | undefined;

  constructor(path: string, options: OutputOptions) {
    this.#path = path;
    this.#options = options;
  }

  check(): void {
    inspectTarget(this.#path, this.#options);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#open().write(bytes);
  }

  async commit(): Promise<void> {
    await this.#open().commit();
  }

  abort(): void {
    this.#file?.abort();
  }

  #open(): Output {
    if (!this.#file) {
      const target = inspectTarget(this.#path, this.#options);
      this.#file = target.isSpecial
        ? directFile(this.#path)
        : new AtomicFile(target.path, { ...this.#options, mode: target.mode });
    }
    return this.#file;
  }
}

/** Valid UTF-8 without control characters other than tab, newline and carriage return. */
function isHarmlessText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex -- control characters are exactly what this is about
    return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text);
  } catch {
    return false;
  }
}
