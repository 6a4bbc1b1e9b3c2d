/** Runs a command with the streams of this process and passes its signals and exit status through. */
import { constants } from 'node:os';
import { spawn } from 'node:child_process';
import { errnoOf, KmsAsymError } from '../errors.js';
import type { Context } from './context.js';

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
  const child = spawn(file, args, { env, stdio: 'inherit' });
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
  }
}

function notStarted(file: string, error: Error): KmsAsymError {
  const reason = errnoOf(error) === 'ENOENT' ? 'it is not found' : 'it cannot be started';
  return new KmsAsymError('usage', `cannot run "${file}": ${reason}`, {
    hints: ["for shell syntax: kms-asym emulator -- sh -c '…'"],
    cause: error,
  });
}
