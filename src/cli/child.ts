/** Runs a command with the streams of this process and passes its signals and exit status through. */
import { constants } from 'node:os';
import { type ChildProcess, spawn } from 'node:child_process';
import { errnoOf, KmsAsymError } from '../errors.js';
import type { Context } from './context.js';

/** Mean nothing to this program; without a listener one would end it, and the other one start Node's debugger. */
const MESSAGES = ['SIGUSR1', 'SIGUSR2'] as const;

/**
 * Waits for the command.
 *
 * @returns its exit status, or 128 + n when signal n ended it
 * @throws KmsAsymError `usage` when it cannot be started
 */
export async function runChild(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  context: Context,
): Promise<number> {
  const passOn = (signal: NodeJS.Signals): boolean => child.kill(signal);
  // Before the command can send one.
  for (const signal of MESSAGES) process.on(signal, passOn);
  const child = start(file, args, env);
  const release = context.interceptSignals((signal) => {
    // Ctrl-C on a terminal reaches the whole foreground group: the child has it already.
    const fromKeyboard = signal === 'SIGINT' || signal === 'SIGQUIT';
    if (!fromKeyboard || !context.stdio.stdin.isTerminal) child.kill(signal);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => {
        reject(notStarted(file, error));
      });
      child.once('exit', (code, signal) => {
        resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]);
      });
    });
  } finally {
    release();
    for (const signal of MESSAGES) process.removeListener(signal, passOn);
  }
}

function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  try {
    return spawn(file, args, { env, stdio: 'inherit' });
  } catch (error) {
    // Some of the reasons are thrown: an empty name, arguments that are too long.
    throw notStarted(file, error);
  }
}

function notStarted(file: string, error: unknown): KmsAsymError {
  const reason = errnoOf(error) === 'ENOENT' ? 'it is not found' : 'it cannot be started';
  return new KmsAsymError('usage', `cannot run "${file}": ${reason}`, {
    hints: ["for shell syntax: kms-asym emulator -- sh -c '…'"],
    cause: error,
  });
}
