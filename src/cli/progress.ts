/**
 * How far a long run is, on stderr, for a person who looks, and only when it takes longer than two seconds. Drawn by
 * cli-progress, which is not even loaded before.
 */
import type { SingleBar } from 'cli-progress';
import type { Pieces, PieceSource } from '../io/pieces.js';
import { monotonicMs } from '../monotonic.js';
import type { Context } from './context.js';
import type { LiveLine, Terminal } from './terminal.js';

const DELAY_MS = 2000;
const MIB = 1024 * 1024;

/** Counts bytes of one run. */
export interface Progress {
  /** So many bytes more are done. */
  add(bytes: number): void;
  /** Takes the bar away, if there is one. */
  end(): void;
}

/** Counts the files of one run. */
export interface FileProgress {
  /** Counts bytes of any of them, which show in the rate only. */
  readonly bytes: Progress;
  /** One file more is done. */
  next(): void;
  /** Takes the bar away, if there is one. */
  end(): void;
}

/** Does not count. */
const SILENT: Progress = { add: () => undefined, end: () => undefined };

/**
 * Starts to count the bytes of a file.
 *
 * @param totalBytes - all there is to do, if known
 */
export function startProgress(context: Context, totalBytes: number | undefined): Progress {
  if (context.progress) return context.progress;
  if (!isWatched(context)) return SILENT;
  const isKnown = totalBytes !== undefined && totalBytes > 0;
  const bar = new Bar(context.terminal, isKnown ? KNOWN_BYTES : UNKNOWN_BYTES, totalBytes ?? 0);
  return {
    add: (bytes) => {
      bar.add(bytes, bytes);
    },
    end: () => {
      bar.end();
    },
  };
}

/** Starts to count files, whose number is known. */
export function startFileProgress(context: Context, totalFiles: number): FileProgress {
  const bar = isWatched(context) ? new Bar(context.terminal, FILES, totalFiles) : undefined;
  return {
    bytes: { ...SILENT, add: (bytes) => bar?.add(0, bytes) },
    next: () => bar?.add(1, 0),
    end: () => bar?.end(),
  };
}

/** Passes a stream on and counts its bytes. */
export function counted(stream: PieceSource, add: (bytes: number) => void): PieceSource {
  const pieces = stream[Symbol.asyncIterator]();
  const iterator: Pieces = {
    nextNow: () => {
      const piece = pieces.nextNow?.();
      if (piece) add(piece.length);
      return piece;
    },
    next: async () => {
      const result = await pieces.next();
      if (result.done !== true) add(result.value.length);
      return result;
    },
    return: async () => (await pieces.return?.()) ?? { value: undefined, done: true },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function isWatched({ stdio, terminal }: Context): boolean {
  const { quiet, json } = terminal.verbosity;
  return !quiet && !json && stdio.stderr.isTerminal;
}

/** What a bar shows. */
interface Look {
  readonly format: string;
  readonly inUnits: (value: number) => string;
}

const KNOWN_BYTES: Look = {
  format: '{bar} {percentage}%  {value} of {total}  {rate}/s  {left} left',
  inUnits: inMebibytes,
};
const UNKNOWN_BYTES: Look = { format: '{value}  {rate}/s', inUnits: inMebibytes };
const FILES: Look = {
  format: '{bar} {percentage}%  {value} of {total} files  {rate}/s  {left} left',
  inUnits: String,
};

class Bar implements LiveLine {
  readonly #started = monotonicMs();
  readonly #timer: NodeJS.Timeout;
  #value = 0;
  #bytes = 0;
  #bar: SingleBar | undefined;
  #ended = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly look: Look,
    private readonly total: number,
  ) {
    this.#timer = setTimeout(() => {
      this.#show().catch(() => undefined);
    }, DELAY_MS).unref();
  }

  add(value: number, bytes: number): void {
    this.#value += value;
    this.#bytes += bytes;
    this.#bar?.update(this.#value, this.#estimates);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#bar?.stop();
    if (this.#bar) this.terminal.live = undefined;
  }

  hide(): void {
    this.#bar?.stop();
  }

  show(): void {
    if (!this.#ended) this.#bar?.start(this.total, this.#value, this.#estimates);
  }

  async #show(): Promise<void> {
    const { SingleBar } = await import('cli-progress');
    if (this.#ended) return;
    const { format, inUnits } = this.look;
    this.#bar = new SingleBar({
      format,
      formatValue: (value, _options, type) => {
        return type === 'value' || type === 'total' ? inUnits(value) : String(value);
      },
      barsize: 24,
      fps: 5,
      clearOnComplete: true,
      // Lines are cut, not kept from wrapping: after a signal nobody would let them wrap again.
      hideCursor: null,
      linewrap: true,
      stream: process.stderr,
    });
    this.terminal.live = this;
    this.show();
  }

  /** From all that was done so far. */
  get #estimates(): { rate: string; left: string } {
    const elapsedMs = monotonicMs() - this.#started;
    const leftMs = (elapsedMs * Math.max(0, this.total - this.#value)) / this.#value;
    return { rate: inMebibytes((this.#bytes * 1000) / elapsedMs), left: inTime(leftMs / 1000) };
  }
}

/** `59s`, `1m 00s`, `2h 05m`; nothing is known about more than a month, or before the first byte. */
function inTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (!(whole < 30 * 24 * 3600)) return '?';
  if (whole < 60) return `${whole}s`;
  const [unit, large, small] = whole < 3600 ? (['m', 60, 's'] as const) : (['h', 3600, 'm'] as const);
  const rest = Math.floor((whole % large) / (large / 60));
  return `${Math.floor(whole / large)}${unit} ${String(rest).padStart(2, '0')}${small}`;
}

function inMebibytes(bytes: number): string {
  return bytes < 1024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / MIB / 1024).toFixed(2)} GiB`;
}
