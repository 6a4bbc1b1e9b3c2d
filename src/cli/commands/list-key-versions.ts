/** `list-key-versions`: ListKeyVersions, every page, newest first. */
import { Option, type Command } from 'commander';
import type { Context } from '../context.js';
import { requireKeyId } from '../key-source.js';
import { text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { table } from '../table.js';

interface Options extends GlobalOptions {
  readonly keyId?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(new Option('--key-id <id>', 'key id, alias/… or ARN (env: KMS_ASYM_KEY_ID)').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
Newest first; with -q only the ids.
  kms-asym list-key-versions --key-id alias/backup`;

async function run(options: Options, context: Context): Promise<void> {
  const { keyId } = requireKeyId(options, context.env);
  const region = chooseRegion(options, context.env);
  const versions = await withKms(context, options, region, (kms) => kms.listKeyVersions(keyId));
  const rows = versions.map(({ keyVersionId, creationDate }) => [keyVersionId, creationDate]);
  if (options.json === true) {
    await context.terminal.json({
      KeyId: versions[0]?.keyId ?? keyId,
      KeyVersions: rows.map(([KeyVersionId, CreationDate]) => ({ KeyVersionId, CreationDate })),
    });
  } else if (options.quiet === true)
    await context.terminal.data(rows.map(([id]) => `${id ?? ''}\n`).join(''));
  else await context.terminal.data(table(['KeyVersionId', 'CreationDate'], rows));
}
