/**
 * A whole run of `age-plugin-alikms`, which age clients start: arguments in, exit status out. Knows no process, and no
 * parser of command lines; whatever speaks to KMS is loaded when a call is needed, since wrapping needs none.
 *
 * Clients hide stderr. What a person has to know goes through the protocol; stderr is for who runs it by hand, and for
 * those who debug a client.
 */
import { Connection } from '../../age/plugin/connection.js';
import { STATE_MACHINES } from '../../age/plugin/state-machines.js';
import { KmsAsymError } from '../../errors.js';
import { BrokenPipe } from '../../io/stdio.js';
import { VERSION } from '../../version.js';
import type { Run } from '../context.js';
import { BROKEN_PIPE_STATUS, EXIT_STATUS } from '../exit-codes.js';
import { printable, Terminal } from '../terminal.js';
import { knownError } from '../unexpected-error.js';
import { Host } from './host.js';

const PROGRAM = 'age-plugin-alikms';
const HELP = `Usage: ${PROGRAM} --age-plugin=STATE_MACHINE

Age clients (age, rage, SOPS, passage ...) find this program on PATH and start it themselves:
  age -r age1alikms1... -o FILE.age FILE       encrypts to a key of Alibaba Cloud KMS, offline
  age -d -j alikms FILE.age                    decrypts through KMS

"kms-asym recipient" and "kms-asym identity" print what to give to them.
`;

/**
 * Runs one state machine, or prints help or the version.
 *
 * @param argv - arguments after the program's name
 * @returns the exit status of README's table; never rejects
 */
export async function pluginMain(argv: readonly string[], run: Run): Promise<number> {
  const { stdio, env } = run;
  try {
    const [argument = '', ...more] = argv;
    if (more.length === 0 && (argument === '--help' || argument === '-h')) await stdio.stdout.write(HELP);
    else if (more.length === 0 && argument === '--version') await stdio.stdout.write(`${VERSION}\n`);
    else await converse(argv, run);
    return 0;
  } catch (error) {
    if (error instanceof BrokenPipe) return BROKEN_PIPE_STATUS;
    const known = knownError(error);
    const verbosity = { json: false, quiet: false, verbose: false };
    await new Terminal(stdio, env, verbosity, PROGRAM).error(known).catch(() => undefined);
    return EXIT_STATUS[known.code];
  }
}

async function converse([argument = '', ...more]: readonly string[], run: Run): Promise<void> {
  const name = /^--age-plugin=(.*)$/s.exec(argument)?.[1];
  if (name === undefined || more.length > 0) {
    throw new KmsAsymError('usage', 'this program is started by age clients, not by hand', {
      hints: ['age -r age1alikms1… FILE', `${PROGRAM} --help`],
    });
  }
  const machine = Object.hasOwn(STATE_MACHINES, name) ? STATE_MACHINES[name] : undefined;
  if (!machine) {
    throw new KmsAsymError('usage', `"${name}" is not a state machine of this plugin`, {
      hints: [`there are ${Object.keys(STATE_MACHINES).join(' and ')}`],
    });
  }
  const { stdin, stdout } = run.stdio;
  const connection = new Connection(stdin.chunks(), (text) => stdout.write(text));
  const host = new Host(run, (text) => connection.show(printable(text)));
  try {
    await machine(connection, host);
  } finally {
    await host.close();
    await connection.close();
  }
}
