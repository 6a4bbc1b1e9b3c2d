/**
 * How far a long run is: bytes, rate and time left, on stderr, for a person who looks, and only when it takes longer
 * than two seconds. Drawn by cli-progress, which is not even loaded before.
 */
import type { SingleBar } from 'cli-progress';
import type { Context } from './context.js';

const DELAY_MS = 2000;
const MIB = 1024 * 1024;

/** Counts bytes of one run. */
export interface Progress {
  /** So many bytes more are done. */
  add(bytes: number): void;
  /** Takes the bar away, if there is one. */
  end(): void;
}

const SILENT: Progress = { add: () => undefined, end: () => undefined };

/**
 * Starts to count.
 *
 * @param totalBytes - all there is to do, if known
 */
export function startProgress({ stdio, terminal }: Context, totalBytes: number | undefined): Progress {
  const { quiet, json } = terminal.verbosity;
  if (quiet || json || !stdio.stderr.isTerminal) return SILENT;
  return new Bar(totalBytes);
}

/** Passes a stream on and counts it. */
export async function* counted(
  stream: AsyncIterable<Uint8Array>,
  progress: Pick<Progress, 'add'>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    yield piece;
    progress.add(piece.length);
  }
}

class Bar implements Progress {
  readonly #totalBytes: number | undefined;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;
  #bytes = 0;
  #bar: SingleBar | undefined;
  #ended = false;

  constructor(totalBytes: number | undefined) {
    this.#totalBytes = totalBytes;
    this.#timer = setTimeout(() => {
      this.#show().catch(() => undefined);
    }, DELAY_MS).unref();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#bar?.update(this.#bytes, { rate: this.#rate });
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#bar?.stop();
  }

  async #show(): Promise<void> {
    const { SingleBar } = await import('cli-progress');
    if (this.#ended) return;
    const known = this.#totalBytes !== undefined && this.#totalBytes > 0;
    this.#bar = new SingleBar({
      format: known
        ? '{bar} {percentage}%  {value} of {total}  {rate}/s  {eta_formatted} left'
        : '{value}  {rate}/s',
      formatValue: (value, _options, type) => {
        return type === 'value' || type === 'total' ? inUnits(value) : String(value);
      },
      barsize: 24,
      etaBuffer: 100,
      fps: 5,
      clearOnComplete: true,
      hideCursor: null,
      stream: process.stderr,
    });
    this.#bar.start(this.#totalBytes ?? 0, this.#bytes, { rate: this.#rate });
  }

  get #rate(): string {
    return inUnits((this.#bytes * 1000) / (performance.now() - this.#started));
  }
}

function inUnits(bytes: number): string {
  return bytes < 1024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / MIB / 1024).toFixed(2)} GiB`;
}
