/**
 * An age client that says exactly what it is told to, and is strict about all that it hears. Shares no code with the
 * plugin: what both got wrong would look right.
 */
import type { End, PluginProcess, Start } from './process.js';

export interface Command {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Buffer;
}

export type Machine = 'recipient-v1' | 'identity-v1';

/** The text of a stanza: 64 columns, and a last line that is shorter. */
export function stanza(
  type: string,
  args: readonly string[] = [],
  body: Uint8Array = Buffer.alloc(0),
): string {
  const base64 = Buffer.from(body).toString('base64').replaceAll('=', '');
  const lines: string[] = base64.match(/.{1,64}/g) ?? [];
  if (base64.length % 64 === 0) lines.push('');
  return [['->', type, ...args].join(' '), ...lines, ''].join('\n');
}

export class Client {
  readonly plugin: PluginProcess;
  /** False where the answers were said before the questions. */
  isStrict = true;
  #heard = '';

  constructor(start: Start, machine: Machine) {
    this.plugin = start(`--age-plugin=${machine}`);
  }

  say(...texts: string[]): this {
    this.plugin.write(Buffer.from(texts.join(''), 'latin1'));
    return this;
  }

  /** The next command, which must be all that there is to hear until it is answered. */
  async hear(): Promise<Command> {
    let text = await this.#line();
    const [arrow, type, ...args] = text.split(' ');
    if (arrow !== '->' || type === undefined || [type, ...args].some((word) => !/^[!-~]+$/.test(word))) {
      throw new Error(`no stanza begins with ${JSON.stringify(text)}`);
    }
    let base64 = '';
    do {
      text = await this.#line();
      base64 += text;
    } while (text.length === 64);
    const body = Buffer.from(base64, 'base64');
    if (text.length > 64 || body.toString('base64').replaceAll('=', '') !== base64) {
      throw new Error(`no body of a stanza: ${JSON.stringify(base64)}`);
    }
    if (this.isStrict && this.#heard !== '')
      throw new Error(`"${type}" was not answered yet, but here is ${this.#heard}`);
    return { type, args, body };
  }

  /** Answers everything until `done`, and returns it without that. */
  async converse(answer: (command: Command) => string | undefined = () => stanza('ok')): Promise<Command[]> {
    const commands: Command[] = [];
    for (;;) {
      const command = await this.hear();
      if (command.type === 'done') {
        if (command.args.length + command.body.length > 0) throw new Error('"done" says more than that');
        return commands;
      }
      commands.push(command);
      this.say(answer(command) ?? '');
    }
  }

  /** Expects that the plugin ends by itself, although its stdin is still open, and says nothing on stderr. */
  async ended(status = 0): Promise<void> {
    const rest = await this.plugin.read();
    if (rest !== undefined) throw new Error(`after "done" comes ${rest.toString()}`);
    expectEnd(await this.plugin.end, { status, stderr: /^$/ });
  }

  async #line(): Promise<string> {
    for (;;) {
      const newline = this.#heard.indexOf('\n');
      if (newline >= 0) {
        const line = this.#heard.slice(0, newline);
        this.#heard = this.#heard.slice(newline + 1);
        return line;
      }
      const data = await this.plugin.read();
      if (data === undefined) {
        const { stderr } = await this.plugin.end;
        throw new Error(`the plugin ended in the middle: ${JSON.stringify(this.#heard)}\n${stderr}`);
      }
      this.#heard += data.toString('latin1');
    }
  }
}

export function expectEnd(end: End, expected: { status: number; stderr: RegExp }): void {
  if (end.status !== expected.status || !expected.stderr.test(end.stderr)) {
    throw new Error(
      `expected ${JSON.stringify(expected.status)} ${String(expected.stderr)}, got ${JSON.stringify(end)}`,
    );
  }
}
