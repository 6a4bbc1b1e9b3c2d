/** `list-aliases`: ListAliases or ListAliasesByKeyId, every page. */
import { Option, type Command } from 'commander';
import type { Context } from '../context.js';
import { resolveKeyId } from '../key-id.js';
import { text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { table } from '../table.js';

interface Options extends GlobalOptions {
  readonly keyId?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(new Option('--key-id <id>', 'only those of this key: key id, alias/… or ARN').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
With -q only the names.
  kms-asym list-aliases`;

async function run(options: Options, context: Context): Promise<void> {
  const region = chooseRegion(options, context.env);
  const aliases = await withKms(context, options, region, async (kms) =>
    kms.listAliases(options.keyId === undefined ? undefined : await resolveKeyId(kms, options.keyId)),
  );
  if (options.json === true) {
    await context.terminal.json({
      Aliases: aliases.map(({ aliasName, keyId, arn }) => ({
        AliasName: aliasName,
        KeyId: keyId,
        AliasArn: arn,
      })),
    });
  } else if (aliases.length === 0) await context.terminal.note('no aliases');
  else if (options.quiet === true) {
    await context.terminal.data(aliases.map(({ aliasName }) => `${aliasName}\n`).join(''));
  } else {
    const rows = aliases.map(({ aliasName, keyId }) => [aliasName, keyId]);
    await context.terminal.data(table(['AliasName', 'KeyId'], rows));
  }
}
