/** Standard streams in memory, for runs inside the test process. */
import type { ByteSink, Stdio } from '../../src/io/stdio.js';

export type StreamName = 'stdin' | 'stdout' | 'stderr';

export interface MemoryStdio extends Stdio {
  output(name: 'stdout' | 'stderr'): Buffer;
}

export function memoryStdio(
  stdin: Uint8Array = Buffer.alloc(0),
  terminals: readonly StreamName[] = [],
): MemoryStdio {
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sink = (name: 'stdout' | 'stderr'): ByteSink => ({
    isTerminal: terminals.includes(name),
    columns: terminals.includes(name) ? 100 : undefined,
    write: (data) => {
      written[name].push(Buffer.from(data as Uint8Array));
      return Promise.resolve();
    },
  });
  return {
    stdin: {
      isTerminal: terminals.includes('stdin'),
      // Two chunks, so that nothing relies on the input coming in one piece.
      chunks: async function* () {
        const middle = stdin.length >> 1;
        for (const part of [stdin.subarray(0, middle), stdin.subarray(middle)]) {
          await Promise.resolve();
          if (part.length > 0) yield part;
        }
      },
    },
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    output: (name) => Buffer.concat(written[name]),
  };
}
