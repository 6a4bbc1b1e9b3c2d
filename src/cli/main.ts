/**
 * A whole run: command line in, exit status out. Knows no process, so tests call it as the executable does.
 */
import { Command, CommanderError } from 'commander';
import { KmsAsymError } from '../errors.js';
import { BrokenPipe } from '../io/stdio.js';
import { VERSION } from '../version.js';
import { GROUPS, type Entry } from './commands/index.js';
import type { Context, Run } from './context.js';
import { BROKEN_PIPE_STATUS, EXIT_STATUS } from './exit-codes.js';
import { addGlobalOptions, type GlobalOptions } from './options.js';
import { Terminal, wantsColor } from './terminal.js';
import { knownError } from './unexpected-error.js';

/**
 * Runs one command line.
 *
 * @param argv - arguments after the program's name
 * @returns the exit status of README's table; never rejects
 */
export async function main(argv: readonly string[], run: Run): Promise<number> {
  // An error of the command line itself must already come as JSON when that was asked for.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const terminal = new Terminal(run.stdio, run.env, {
    json: own.includes('--json'),
    quiet: false,
    verbose: false,
  });
  const context: Context = { ...run, terminal, argv: withHelpOption(argv), exitStatus: 0 };
  try {
    await parse(context);
    return context.exitStatus;
  } catch (error) {
    return await report(error, terminal);
  } finally {
    // What went out before a failure may still be on its way. The failure itself is told already.
    await run.stdio.stdout.flush?.().catch(() => undefined);
  }
}

/** Commander's own `help` would have to know all commands, and only the one that is named is made. */
function withHelpOption([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  return first === 'help' ? [...rest, '--help'] : [first, ...rest];
}

async function parse(context: Context): Promise<void> {
  const { argv } = context;
  const pages: string[] = [];
  const program = buildProgram(context, pages);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, program, argv);
    await context.terminal.data(pages.join(''));
  }
}

function buildProgram(context: Context, pages: string[]): Command {
  const { stdout } = context.stdio;
  const program = new Command('kms-asym')
    .description('Asymmetric encryption with Alibaba Cloud KMS: encrypt here, decrypt in the HSM.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    // Help is collected and written once; asking the process's own streams would cost start-up time.
    .configureOutput({
      writeOut: (page) => pages.push(page),
      writeErr: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => wantsColor(context.env, stdout.isTerminal),
      getErrHasColors: () => false,
    });
  addGlobalOptions(program);
  program.hook('preAction', (_program, command) => {
    const { json, quiet, verbose } = command.optsWithGlobals<GlobalOptions>();
    context.terminal.verbosity = { json: json === true, quiet: quiet === true, verbose: verbose === true };
  });
  addCommands(program, context);
  return program;
}

/**
 * The subcommand that comes first, as it mostly does; else all, for the help and for typing errors. The options of that one
 * only which is run.
 */
function addCommands(program: Command, context: Context): void {
  const loaders = new Map<Command, Entry['load']>();
  const [first] = context.argv;
  const isFirst = ({ name }: Entry): boolean => name === first;
  const some = GROUPS.some(({ entries }) => entries.some(isFirst));
  for (const { heading, entries } of GROUPS) {
    for (const { name, summary, load } of some ? entries.filter(isFirst) : entries) {
      loaders.set(program.command(name).description(summary).helpGroup(heading), load);
    }
  }
  program.hook('preSubcommand', async (_program, command) => {
    const definition = await loaders.get(command)?.();
    definition?.define(command, context);
  });
}

function usageError(error: CommanderError, program: Command, argv: readonly string[]): KmsAsymError {
  if (error.code === 'commander.help') {
    return new KmsAsymError('usage', 'no command is given', {
      hints: [`begin with ${GROUPS[0]?.entries.map(({ name }) => name).join(', ')}`, 'all: kms-asym --help'],
    });
  }
  const command = program.commands.find((candidate) => argv.includes(candidate.name()));
  // Line breaks before commander's suggestion are the user's own, and must not begin a line here.
  const [end = '', suggestion] = /\n\((Did you mean [^\n]+\?)\)$/.exec(error.message) ?? [];
  const message = error.message.slice(0, error.message.length - end.length).replace(/^error: /, '');
  return new KmsAsymError('usage', message, {
    hints: [
      ...(suggestion === undefined ? [] : [suggestion]),
      ...(isOfCommandToRun(error, command, argv) ? [BEHIND_DASHES] : []),
      command ? `kms-asym ${command.name()} --help` : 'kms-asym --help',
    ],
  });
}

const BEHIND_DASHES = 'a command to run, with its options, stands behind --';

/** What is no option of ours may be one of the command that the user wants to run: `emulator sh -c …`. */
function isOfCommandToRun(
  { code }: CommanderError,
  command: Command | undefined,
  argv: readonly string[],
): boolean {
  if (code !== 'commander.unknownOption' || argv.includes('--')) return false;
  return command?.registeredArguments.some((argument) => argument.name() === 'command') ?? false;
}

async function report(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof BrokenPipe) return BROKEN_PIPE_STATUS;
  const known = knownError(error);
  try {
    await terminal.error(known);
  } catch {
    // Nobody can read stderr; the exit status still tells.
  }
  return EXIT_STATUS[known.code];
}
