/** `update-alias`: UpdateAlias, which moves a name from one key to another. */
import { Option, type Command } from 'commander';
import { serviceCodeOf } from '../../errors.js';
import type { KmsClient } from '../../kms/client.js';
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
    .addOption(new Option('--alias <name>', 'alias to move, alias/…').argParser(text).makeOptionMandatory())
    .addOption(requiredKeyId('the key that it shall name from now on'))
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
What names the alias uses the new key from now on: raw ciphertext of the old one then needs --key-id OLD-KEY to decrypt.
Age files and public key files name the key itself, and do not notice.
  kms-asym update-alias --alias alias/backup --key-id key-…`;

async function run(options: Options, context: Context): Promise<void> {
  const alias = requireAliasName(options.alias);
  const region = chooseRegion(options, context.env);
  await withKms(context, options, region, async (kms) => {
    const keyId = await resolveKeyId(kms, options.keyId);
    const before = await keyBehind(kms, alias);
    const { requestId } = await kms.updateAlias(keyId, alias);
    const past = before === undefined ? '' : `; before, it named "${before}"`;
    await context.terminal.note(`"${alias}" names key "${keyId}"${past}`);
    if (options.json !== true) return;
    await context.terminal.json({
      AliasName: alias,
      KeyId: keyId,
      PreviousKeyId: before,
      RequestId: requestId,
    });
  });
}

/** Who may move an alias need not be allowed to look at the key behind it. */
async function keyBehind(kms: KmsClient, alias: string): Promise<string | undefined> {
  try {
    return (await kms.describeKey(alias)).keyId;
  } catch (error) {
    if (serviceCodeOf(error) === 'Forbidden.NoPermission') return undefined;
    throw error;
  }
}
