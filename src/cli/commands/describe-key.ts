/** `describe-key`: DescribeKey, and the aliases of the key. */
import { Option, type Command } from 'commander';
import type { Context } from '../context.js';
import { aliasesOf } from '../key-aliases.js';
import { describe } from '../key-description.js';
import { requireKeyId } from '../key-source.js';
import { text, type GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';
import { facts } from '../table.js';

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
  kms-asym describe-key --key-id alias/backup`;

async function run(options: Options, context: Context): Promise<void> {
  const { keyId } = requireKeyId(options, context.env);
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const key = await kms.describeKey(keyId);
    const description = describe(key, await aliasesOf(kms, key.keyId, context));
    if (options.json === true) await context.terminal.json({ ...description, RequestId: key.requestId });
    else await context.terminal.data(facts({ ...description }));
  });
}
