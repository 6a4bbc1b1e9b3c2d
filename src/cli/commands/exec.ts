/** `exec`: secrets from encrypted files into the environment of one command, and nowhere else. */
import { debuglog } from 'node:util';
import { Option, type Command } from 'commander';
import { KmsAsymError, shellWord } from '../../errors.js';
import { isStdin } from '../../io/input.js';
import { commandBehindDashes, runChild } from '../child.js';
import type { Context } from '../context.js';
import { decryptOptions } from '../decrypt-options.js';
import type { DecryptOptions } from '../decryption.js';
import { collect } from '../options.js';
import type { SecretSource } from '../secrets/secret-source.js';
import { requireVariableName } from '../secrets/variable-name.js';

interface ExecFlags extends DecryptOptions {
  readonly dotenvFile?: readonly string[];
  readonly env?: readonly (SecretSource & { readonly variable: string })[];
  readonly only?: readonly string[];
  readonly allow?: readonly string[];
  readonly githubMask?: boolean;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command.argument('[command...]', 'after --: the command, and what it shall be given');
  for (const option of [...ownOptions(), ...decryptOptions()]) command.addOption(option);
  command
    .addHelpText('after', EXAMPLES)
    .action((words: string[], _flags: ExecFlags, self: Command) =>
      run(words, self.optsWithGlobals(), context),
    );
}

function ownOptions(): Option[] {
  return [
    new Option('--dotenv-file <file>', 'encrypted dotenv text; repeatable, later ones win').argParser(
      collect,
    ),
    new Option('--env-file <file>').hideHelp().argParser(refuseEnvFile),
    new Option(
      '--env <name=file>',
      'a variable that takes the whole plaintext of a file; repeatable, beats --dotenv-file',
    ).argParser(collectAssignment),
    new Option(
      '--only <names>',
      'take these variables of dotenv files and no others; all must be there; repeatable',
    ).argParser(collectNames),
    new Option(
      '--allow <names>',
      'let dotenv files set these, though programs take code or trust from them; repeatable',
    ).argParser(collectNames),
    new Option('--github-mask', "tell GitHub's runner to hide the values in its log"),
  ];
}

const EXAMPLES = `
Decrypted values go into the environment of the command, over what it inherits, and are never written to a file. Streams,
signals and the exit status are those of the command.
  kms-asym exec --dotenv-file deploy.env.age -- ./deploy.sh
  kms-asym exec --env PGPASSWORD=password.enc --public-key backup.pem -- psql --host db
  kms-asym exec --dotenv-file app.env.age --only DB_USER,DB_PASSWORD -- node server.js`;

async function run(words: readonly string[], flags: ExecFlags, context: Context): Promise<void> {
  const command = commandBehindDashes(words, context);
  if (!command) {
    throw new KmsAsymError('usage', 'no command is given', {
      hints: ['kms-asym exec --dotenv-file FILE -- COMMAND'],
    });
  }
  checkFlags(flags, context);
  const sources: SecretSource[] = [
    ...(flags.dotenvFile ?? []).map((file) => ({ file })),
    ...(flags.env ?? []),
  ];
  checkSources(sources);
  const { decryptSources } = await import('../secrets/decrypt-sources.js');
  const variables = await decryptSources(sources, flags, context);
  if (flags.githubMask === true) {
    const { maskCommands } = await import('../secrets/github-mask.js');
    await context.stdio.stderr.write(maskCommands(variables.values()));
  }
  context.exitStatus = await runChild(command, { ...context.env, ...Object.fromEntries(variables) }, context);
}

function checkFlags(flags: ExecFlags, { env }: Context): void {
  if (flags.json === true) {
    throw new KmsAsymError('usage', '--json has nothing to describe: stdout belongs to the command');
  }
  // What Node itself would print of the start of a child holds its whole environment.
  if (debuglog('child_process').enabled) {
    throw new KmsAsymError('configuration', 'NODE_DEBUG makes Node print the environment of the command', {
      hints: [
        'leave child_process and * out of NODE_DEBUG; for the command alone: -- env NODE_DEBUG=… COMMAND',
      ],
    });
  }
  // Everywhere else the values would stand in a log that nobody hides anything in.
  if (flags.githubMask === true && env['GITHUB_ACTIONS'] !== 'true') {
    throw new KmsAsymError(
      'usage',
      "--github-mask prints every value for GitHub's runner, which runs nothing here",
      {
        hints: ['leave it out; the runner sets GITHUB_ACTIONS=true'],
      },
    );
  }
}

function checkSources(sources: readonly SecretSource[]): void {
  if (sources.length === 0) {
    throw new KmsAsymError('usage', 'no secrets are named', {
      hints: ['--dotenv-file FILE', '--env NAME=FILE'],
    });
  }
  if (sources.filter(({ file }) => isStdin(file)).length > 1) {
    throw new KmsAsymError('usage', 'only one input may be stdin');
  }
}

/** Node 20 reads the file of such an option itself, wherever it stands, and takes its own options from it. */
function refuseEnvFile(file: string): never {
  throw new KmsAsymError('usage', "--env-file is an option of node's own, for files that are not encrypted", {
    hints: [`encrypted dotenv text: --dotenv-file ${shellWord(file)}`],
  });
}

function collectAssignment(value: string, previous: ExecFlags['env'] = []): NonNullable<ExecFlags['env']> {
  const end = value.indexOf('=');
  const file = value.slice(end + 1);
  if (end < 0 || file === '') {
    throw new KmsAsymError('usage', '--env is not NAME=FILE', { hints: ['--env DB_PASSWORD=password.enc'] });
  }
  const variable = value.slice(0, end);
  requireVariableName(variable, '--env');
  return [...previous, { variable, file }];
}

function collectNames(value: string, previous: readonly string[] = []): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) requireVariableName(name, '--only or --allow');
  return [...previous, ...names];
}
