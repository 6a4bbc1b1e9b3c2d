/** `create-alias`: CreateAlias. */
import { Option, type Command } from 'commander';
import { requireAliasName } from '../alias-name.js';
import type { Context } from '../context.js';
import { requiredKeyId, resolveKeyId } from '../key-id.js';
import { text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions {
  readonly alias: string;
  readonly keyId: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(new Option('--alias <name>', 'alias to create, alias/…').argParser(text).makeOptionMandatory())
    .addOption(requiredKeyId('the key that it shall name'))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
  kms-asym create-alias --alias alias/backup --key-id key-…`;

async function run(options: Options, context: Context): Promise<void> {
  const alias = requireAliasName(options.alias);
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const keyId = await resolveKeyId(kms, options.keyId);
    const { requestId } = await kms.createAlias(keyId, alias);
    await context.terminal.note(`"${alias}" names key "${keyId}"`);
    if (options.json !== true) return;
    await context.terminal.json({ AliasName: alias, KeyId: keyId, RequestId: requestId });
  });
}
