/** A shell on a real terminal, and somebody who types there. */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 15_000;

/** An interactive shell; `script` gives it its terminal. */
export class Shell {
  readonly #child: ChildProcess;
  #shown = '';
  #lines = 0;

  constructor(command: string, cwd: string, env: NodeJS.ProcessEnv) {
    const terminal = { TERM: 'dumb', PS1: '> ' };
    const line = `stty cols 200; exec ${command}`;
    this.#child = spawn('script', ['-qec', line, '/dev/null'], { cwd, env: { ...env, ...terminal } });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#shown += chunk.toString()));
  }

  /** Types a line and waits for its end. */
  async run(line: string): Promise<void> {
    this.#lines += 1;
    // The mark stands in what is printed, not in what is typed, whatever the shell does to show that.
    this.type(`${line}\nprintf '<%s>' ${this.#lines}\n`);
    await this.#until(`<${this.#lines}>`);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async #until(text: string): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!this.#shown.includes(text)) {
      if (Date.now() > deadline) throw new Error(`no ${text} in ${JSON.stringify(this.#shown)}`);
      await delay(10);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGHUP');
    this.#child.stdin?.end();
    await closed;
  }
}
