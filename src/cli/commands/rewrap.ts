/** `rewrap`: files get other recipients. Only the header changes, so it takes the same time for any size. */
import { Option, type Command } from 'commander';
import { KmsAsymError, shellWord } from '../../errors.js';
import { rateOptions } from '../batch/options.js';
import type { Context } from '../context.js';
import { collect, text } from '../options.js';
import type { RewrapOptions } from '../rewrap/rewrapping.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command.argument(
    '[file...]',
    'files and directories, changed in place; without any, or with -, stdin to stdout',
  );
  for (const option of [...ownOptions(), ...rateOptions()]) command.addOption(option);
  command
    .addHelpText('after', NOTES)
    .action((files: string[], _options: RewrapOptions, self: Command) =>
      run(files, self.optsWithGlobals(), context),
    );
}

function ownOptions(): Option[] {
  return [
    new Option('--to <file>', 'public key file of a new key; repeatable').argParser(collect),
    new Option('--expect-fingerprint <fp>', 'refuse any other new key (SHA256:…); repeatable').argParser(
      collect,
    ),
    new Option('-r, --recipient <recipient>', 'add an age recipient (age1…); repeatable').argParser(collect),
    new Option('-R, --recipients-file <file>', 'add the age recipients of this file; repeatable').argParser(
      collect,
    ),
    new Option('--add', 'keep the KMS keys that are there, and add the new ones'),
    new Option(
      '--fresh',
      'new file key, everything encrypted anew: what the old header opened, it opens no more',
    ),
    new Option('--check', 'change nothing and ask nobody: list files that are not for exactly these keys'),
    new Option('--verify', 'let KMS unwrap with the new keys before the old header goes'),
    new Option(
      '-i, --identity <file>',
      'open with the age identities of this file, not with KMS; repeatable',
    ).argParser(collect),
    new Option(
      '--public-key <file>',
      'public key file of the old key, where a file does not name its key',
    ).argParser(text),
    new Option('--key-id <id>', 'old key, where a file does not name it').argParser(text),
    new Option('--key-version-id <id>', 'version of the old key').argParser(text),
    new Option('-o, --output <file>', 'where to write what came from stdin; default is stdout').argParser(
      text,
    ),
  ];
}

const NOTES = `
The KMS keys of --to take the place of all KMS keys in the header; other recipients stay. Rewrapping revokes nobody who
kept the old header: the file key is the same. --fresh makes a new one, and still cannot take back what was read before.
Raw RSA ciphertext is decrypted and encrypted to the new key. In directories only age files are touched.
Exit status 3 when --check found some, 8 when some of several files failed.
  kms-asym rewrap --to new.pem backups/
  kms-asym rewrap --check --to new.pem backups/
  kms-asym rewrap --to new.pem < old.age > new.age`;

async function run(files: readonly string[], options: RewrapOptions, context: Context): Promise<void> {
  const isFilter = files.length === 0 || (files.length === 1 && files[0] === '-');
  refuseMixture(files, options, isFilter);
  const [{ startRun }, { runAsFilter, runOnFiles }] = await Promise.all([
    import('../rewrap/start-run.js'),
    import('../rewrap/run.js'),
  ]);
  const started = await startRun(options, context);
  try {
    if (isFilter) await runAsFilter(started);
    else await runOnFiles(started, files);
  } finally {
    await started.clients.close();
  }
}

function refuseMixture(files: readonly string[], { output }: RewrapOptions, isFilter: boolean): void {
  if (isFilter) return;
  if (files.includes('-')) {
    throw new KmsAsymError(
      'usage',
      'stdin goes to stdout, so it does not go with files, which change in place',
    );
  }
  if (output === undefined) return;
  throw new KmsAsymError('usage', 'files change in place, so -o is for stdin only', {
    hints: [`kms-asym rewrap … < ${shellWord(files[0] ?? '')} -o ${shellWord(output)}`],
  });
}
