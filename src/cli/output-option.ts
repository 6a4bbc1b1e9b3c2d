/** `-o FILE` and `--force`, and what `--json` asks of them. */
import { KmsAsymError } from '../errors.js';
import type { Input } from '../io/input.js';
import { createOutput, type Output } from '../io/output.js';
import type { Context } from './context.js';
import type { GlobalOptions } from './options.js';
import { fromEnv } from './settings.js';

/** The flags that decide about the output. */
export interface OutputOptions extends Pick<GlobalOptions, 'force' | 'json' | 'caFile'> {
  readonly output?: string;
  /** Also read: a name or several. */
  readonly publicKey?: string | readonly string[] | undefined;
}

/** What is going to be written. */
export interface OutputContent {
  /** Plaintext: mode 0600 whatever the umask. */
  readonly secret: boolean;
  readonly kind: 'binary' | 'text';
  /** The flag that makes text of it. */
  readonly textFlag?: '--armor';
  /** Must not be the same file. */
  readonly input?: Input;
}

/** `-o` spellings that mean the stdout that JSON goes to. */
const STDOUT = /^(-|\/dev\/stdout|\/(dev|proc\/self)\/fd\/1)$/;

/** The output of a command, not yet created. */
export function openOutput(options: OutputOptions, { stdio, env }: Context, content: OutputContent): Output {
  return createOutput({
    path: options.output,
    stdout: stdio.stdout,
    force: options.force === true,
    secret: content.secret,
    kind: content.kind,
    textFlag: content.textFlag,
    ...(content.input && { input: content.input }),
    alsoRead: namesAlsoRead(options, env),
  });
}

/** Names of the files that a command reads besides its input; none of them may be its output. */
export function namesAlsoRead(options: OutputOptions, env: NodeJS.ProcessEnv): readonly string[] {
  const publicKey = options.publicKey ?? fromEnv(env, 'KMS_ASYM_PUBLIC_KEY');
  const caFile = options.caFile ?? fromEnv(env, 'KMS_ASYM_CA_FILE');
  return [publicKey, caFile].flat().filter((name) => name !== undefined);
}

/**
 * Payload never travels in JSON, nor beside it on stdout.
 *
 * @throws KmsAsymError `usage`
 */
export function requireOutputFile(options: OutputOptions): void {
  if (options.json !== true || !STDOUT.test(options.output ?? '-')) return;
  throw new KmsAsymError('usage', '--json describes the operation on stdout, so the payload needs a file', {
    hints: ['add -o FILE'],
  });
}
