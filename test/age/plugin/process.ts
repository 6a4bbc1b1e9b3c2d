/** A plugin at the other end of three pipes: as a process, or in this one. */
import { spawn } from 'node:child_process';
import { pluginMain } from '../../../src/cli/plugin/main.js';
import { BrokenPipe, type ByteSink } from '../../../src/io/stdio.js';

/** How a plugin ended. */
export interface End {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** What a client has of a plugin. */
export interface PluginProcess {
  write(data: Uint8Array): void;
  closeStdin(): void;
  /** Goes away as a reader. */
  closeStdout(): void;
  /** The next bytes of stdout; `undefined` at its end. */
  read(): Promise<Buffer | undefined>;
  /** Only processes have signals. */
  readonly kill?: (signal: NodeJS.Signals) => void;
  readonly end: Promise<End>;
}

/** Starts a plugin with arguments. */
export type Start = (...args: string[]) => PluginProcess;

/** Starts an executable. */
export function executable(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Start {
  return (...more) => {
    const child = spawn(file, [...args, ...more], { env, stdio: 'pipe' });
    const output = new Queue();
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => output.push(data)).on('end', () => output.push(undefined));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    // What is written to a plugin that has ended is lost, as it is for a client.
    child.stdin.on('error', () => undefined);
    return {
      write: (data) => child.stdin.write(data),
      closeStdin: () => child.stdin.end(),
      closeStdout: () => child.stdout.destroy(),
      read: () => output.shift(),
      kill: (signal) => child.kill(signal),
      end: new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (status, signal) => resolve({ status, signal, stderr }));
      }),
    };
  };
}

/** Runs the plugin in this process, on pipes of memory. */
export function inProcess(env: NodeJS.ProcessEnv): Start {
  return (...args) => {
    const [input, output] = [new Queue(), new Queue()];
    let [isRead, stderr] = [true, ''];
    const sink = (write: (data: Buffer) => void): ByteSink => ({
      isTerminal: false,
      write: (data) => {
        write(Buffer.from(data as Uint8Array));
        return Promise.resolve();
      },
    });
    const stdio = {
      stdin: {
        isTerminal: false,
        chunks: async function* () {
          for (let data = await input.shift(); data; data = await input.shift()) yield data;
        },
      },
      stdout: sink((data) => {
        if (!isRead) throw new BrokenPipe('stdout: the reader went away');
        output.push(data);
      }),
      stderr: sink((data) => (stderr += data.toString())),
    };
    const end = pluginMain(args, { stdio, env, interceptSignals: () => () => undefined }).then((status) => {
      output.push(undefined);
      return { status, signal: null, stderr };
    });
    return {
      write: (data) => input.push(Buffer.from(data)),
      closeStdin: () => input.push(undefined),
      closeStdout: () => (isRead = false),
      read: () => output.shift(),
      end,
    };
  };
}

class Queue {
  readonly #items: (Buffer | undefined)[] = [];
  #waiting: ((item: Buffer | undefined) => void) | undefined;

  push(item: Buffer | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(item);
    else this.#items.push(item);
  }

  shift(): Promise<Buffer | undefined> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve) => (this.#waiting = resolve));
  }
}
