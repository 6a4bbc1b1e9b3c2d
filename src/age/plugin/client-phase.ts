/**
 * The phase in which the client speaks (C2SP age-plugin.md, "Phases"): commands until `done`, those that nobody knows
 * ignored. What is wrong with a command is kept until the client listens.
 */
import type { Stanza } from '../stanza.js';
import type { Connection } from './connection.js';

/** Takes one command; returns what is wrong with it, as a verb phrase. */
export type TakeCommand = (stanza: Stanza) => string | undefined;

/**
 * Reads the phase to its end.
 *
 * @param commands - by their names
 * @returns what was wrong, as messages, in order
 * @throws KmsAsymError as {@link Connection.receive}
 */
export async function readClientPhase(
  connection: Connection,
  commands: Readonly<Record<string, TakeCommand>>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (;;) {
    const stanza = await connection.receive();
    if (stanza.type === 'done') return problems;
    const take = Object.hasOwn(commands, stanza.type) ? commands[stanza.type] : undefined;
    const problem = take?.(stanza);
    if (problem !== undefined) problems.push(`the command "${stanza.type}" ${problem}`);
  }
}

/** Takes the only argument of a command without a body. */
export function takeArgument(into: string[]): TakeCommand {
  return ({ args: [argument, ...more], body }) => {
    if (argument === undefined || more.length > 0 || body.length > 0) {
      return 'has to have one argument and no body';
    }
    into.push(argument);
    return undefined;
  };
}
