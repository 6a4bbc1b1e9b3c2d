/**
 * Profiles of mode External: a program prints an access key as JSON ("aliyun help configure"). It is run here and not by
 * the vendor's provider, which has no way to end one that hangs, and writes what it printed into the configuration.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { splitProcessCommand } from '@alicloud/credentials/dist/src/utils/command.js';

const MAX_MS = 60_000;

/** What the program prints, in the words of the vendor's provider; nobody has checked the types. */
export interface PrintedKey {
  readonly access_key_id: string;
  readonly access_key_secret: string;
  readonly sts_token?: string;
  /** ISO 8601; asked again with every call when absent. */
  readonly expiration?: string;
}

/**
 * Runs `command`, whose words are quoted as in a shell, in the environment `env`. `signal` kills it, as does a minute.
 * What else it has started is its own to end. Rejects with errors for `explainProviderError`.
 */
export async function runProcessCommand(
  command: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PrintedKey> {
  const [file = '', ...args] = splitProcessCommand(command);
  const options = { env, timeout: MAX_MS, killSignal: 'SIGKILL', windowsHide: true } as const;
  const running = promisify(execFile)(file, args, options);
  const { stdin, stdout, stderr } = running.child;
  // One that asks something gets no answer, and must not wait for it.
  stdin?.end();
  signal.addEventListener('abort', () => {
    running.child.kill(options.killSignal);
    // Others may have inherited these, and go on.
    stdout?.destroy();
    stderr?.destroy();
  });
  try {
    const key = JSON.parse((await running).stdout) as PrintedKey & { readonly mode?: string };
    const isComplete =
      key.access_key_id && key.access_key_secret && (key.mode !== 'StsToken' || key.sts_token);
    if (isComplete) return key;
  } catch {
    // Neither what it printed nor the reasons of those who quote it are for anybody to see.
  }
  throw new Error('external command');
}
