/** `-o FILE` and `--force`, and what `--json` asks of them. */
import { KmsAsymError } from '../errors.js';
import type { Input } from '../io/input.js';
import { createOutput, type Output } from '../io/output.js';
import { isStdout } from '../io/output-target.js';
import type { Context } from './context.js';
import type { GlobalOptions } from './options.js';
import { fromEnv } from './settings.js';

/** The flags that decide about the output. */
export interface OutputOptions extends Pick<GlobalOptions, 'force' | 'json' | 'caFile'> {
  readonly output?: string;
  /** Also read, as the next ones are: a name or several. */
  readonly publicKey?: string | readonly string[] | undefined;
  readonly to?: readonly string[];
  readonly identity?: readonly string[];
  readonly recipientsFile?: readonly string[];
  readonly filesFrom?: string | undefined;
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

/**
 * The output of a command whose `--json` object holds the result: then there is one only where `-o` names a file.
 *
 * @throws KmsAsymError `usage`, and as `Output.check`
 */
export function openOutputBesideJson(
  options: OutputOptions,
  context: Context,
  content: Omit<OutputContent, 'secret'>,
): Output | undefined {
  if (options.output === undefined && options.json === true) return undefined;
  requireOutputFile(options);
  const output = openOutput(options, context, { ...content, secret: false });
  output.check();
  return output;
}

/** Names of the files that a command reads besides its input; none of them may be its output. */
export function namesAlsoRead(options: OutputOptions, env: NodeJS.ProcessEnv): readonly string[] {
  const publicKey = options.publicKey ?? fromEnv(env, 'KMS_ASYM_PUBLIC_KEY');
  const caFile = options.caFile ?? fromEnv(env, 'KMS_ASYM_CA_FILE');
  const { to, identity, recipientsFile, filesFrom } = options;
  const names = [publicKey, caFile, to, identity, recipientsFile, filesFrom];
  return names.flat().filter((name) => name !== undefined);
}

/**
 * Payload never travels in JSON, nor beside it on stdout.
 *
 * @throws KmsAsymError `usage`
 */
export function requireOutputFile(options: OutputOptions): void {
  if (options.json !== true || !isStdout(options.output ?? '-')) return;
  throw new KmsAsymError('usage', '--json describes the operation on stdout, so the payload needs a file', {
    hints: ['add -o FILE'],
  });
}
