/** `doctor`: everything that encryption and decryption with KMS need, checked one by one. */
import { Option, type Command } from 'commander';
import type { Context } from '../context.js';
import { examine } from '../doctor/examine.js';
import type { DoctorOptions, Examination } from '../doctor/examination.js';
import { findingObject, findingText, type Finding } from '../doctor/finding.js';
import { missingStatement } from '../doctor/permissions.js';
import { EXIT_STATUS } from '../exit-codes.js';
import { keyIdOption, text } from '../options.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(keyIdOption())
    .addOption(
      new Option('--key-version-id <id>', 'key version (env: KMS_ASYM_KEY_VERSION_ID)').argParser(text),
    )
    .addOption(
      new Option(
        '--public-key <file>',
        'public key file to compare with the live key (env: KMS_ASYM_PUBLIC_KEY)',
      ).argParser(text),
    )
    .addHelpText('after', EXAMPLES)
    .action((_options: DoctorOptions, command: Command) => run(command.optsWithGlobals(), context));
}

const EXAMPLES = `
Checks settings, connection, clock, credentials and access; with a key also the key, its versions, its public key and
one round trip of 32 random bytes: a decryption, or a signature by a key for signatures. Changes
nothing. The exit status is that of the first failure.
  kms-asym doctor
  kms-asym doctor --public-key backup.pem`;

async function run(options: DoctorOptions, context: Context): Promise<void> {
  const { terminal } = context;
  const examination: Examination = { options, context, denied: [] };
  const tell = async (finding: Finding): Promise<void> => {
    const isWanted = options.quiet !== true || finding.status === 'fail';
    if (options.json !== true && isWanted) await terminal.data(findingText(finding));
  };
  const findings = await examine(examination, tell);
  const first = findings.find(({ status }) => status === 'fail');
  if (first) context.exitStatus = EXIT_STATUS[first.code ?? 'unexpected'];
  if (options.json !== true) return;
  await terminal.json({
    Ok: first === undefined,
    Checks: findings.map(findingObject),
    MissingStatement: missingStatement(examination),
  });
}
