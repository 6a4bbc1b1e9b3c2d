/** `delete-alias`: DeleteAlias. */
import { Option, type Command } from 'commander';
import { requireAliasName } from '../alias-name.js';
import type { Context } from '../context.js';
import { text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions {
  readonly alias: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(new Option('--alias <name>', 'alias to delete, alias/…').argParser(text).makeOptionMandatory())
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
The key stays.
  kms-asym delete-alias --alias alias/backup`;

async function run(options: Options, context: Context): Promise<void> {
  const alias = requireAliasName(options.alias);
  const region = chooseRegion(options, context.env);
  const { requestId } = await withKms(context, options, region, (kms) => kms.deleteAlias(alias));
  await context.terminal.note(`"${alias}" names no key any more`);
  if (options.json === true) await context.terminal.json({ AliasName: alias, RequestId: requestId });
}
