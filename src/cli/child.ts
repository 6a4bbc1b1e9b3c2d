/** Runs a command with the streams of this process and passes its signals and exit status through. */
import { constants } from 'node:os';
import { type ChildProcess, spawn } from 'node:child_process';
import { errnoOf, KmsAsymError } from '../errors.js';
import type { Context } from './context.js';

/** Mean nothing to this program; without a listener one would end it, and the other one start Node's debugger. */
const MESSAGES = ['SIGUSR1', 'SIGUSR2'] as const;

/** A program and its arguments. */
export type CommandLine = readonly [file: string, ...args: string[]];

/**
 * The command behind `--`.
 *
 * @param words - arguments that are no options
 * @returns `undefined` when there is none
 * @throws KmsAsymError `usage` for words before `--` or without it, whose options would be taken for ours
 */
export function commandBehindDashes(words: readonly string[], { argv }: Context): CommandLine | undefined {
  const [file, ...args] = words;
  if (file === undefined) return undefined;
  const behind = argv.includes('--') ? argv.length - argv.indexOf('--') - 1 : 0;
  if (behind === words.length) return [file, ...args];
  throw new KmsAsymError('usage', `"${file}" does not stand behind --`, {
    hints: ['options of the command would be taken for ours: put -- before the command'],
  });
}

/**
 * Waits for the command.
 *
 * @returns its exit status, or 128 + n when signal n ended it
 * @throws KmsAsymError `usage` when it cannot be started
 */
export async function runChild(
  [file, ...args]: CommandLine,
  env: NodeJS.ProcessEnv,
  context: Context,
): Promise<number> {
  let child: ChildProcess | undefined;
  const passOn = (signal: NodeJS.Signals): void => void child?.kill(signal);
  const { stdin, stdout, stderr } = context.stdio;
  const atTerminal = stdin.isTerminal || stdout.isTerminal || stderr.isTerminal;
  // Before the command can send one, and before a signal could find this process without a child.
  for (const signal of MESSAGES) process.on(signal, passOn);
  const release = context.interceptSignals((signal) => {
    // Ctrl-C on a terminal reaches the whole foreground group: the child has it already.
    const fromKeyboard = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (!fromKeyboard || !atTerminal) passOn(signal);
  });
  try {
    child = spawn(file, args, { env, stdio: 'inherit' });
    return await endOf(child);
  } catch (error) {
    // Some of the reasons are thrown: an empty name, arguments that are too long.
    throw notStarted(file, error);
  } finally {
    release();
    for (const signal of MESSAGES) process.removeListener(signal, passOn);
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.on('error', (error) => {
      // Once it runs, it is about a signal that may not be sent: it became another user, as `sudo` does.
      if (child.pid === undefined) reject(error);
    });
    child.once('exit', (code, signal) => {
      // One of the two is there.
      resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]);
    });
  });
}

const SHELL_SYNTAX = "for shell syntax: -- sh -c '…'";

/** Why a command does not start, and what helps. */
const REASONS = new Map<string | undefined, readonly [reason: string, hint: string]>([
  ['ENOENT', ['it is not found', SHELL_SYNTAX]],
  ['EACCES', ['it may not be executed', 'chmod +x it, or put its interpreter before it']],
  [
    'E2BIG',
    ['its arguments and environment are longer than the system allows', 'give it long ones as files'],
  ],
]);

function notStarted(file: string, error: unknown): KmsAsymError {
  const [reason, hint] = REASONS.get(errnoOf(error)) ?? ['it cannot be started', SHELL_SYNTAX];
  return new KmsAsymError('usage', `cannot run "${file}": ${reason}`, { hints: [hint], cause: error });
}
