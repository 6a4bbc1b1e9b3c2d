/** `create-key-version`: CreateKeyVersion. */
import type { Command } from 'commander';
import type { Context } from '../context.js';
import { requiredKeyId } from '../key-id.js';
import type { GlobalOptions } from '../options.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions {
  readonly keyId: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(requiredKeyId())
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, self: Command) => run(self.optsWithGlobals(), context));
}

const EXAMPLES = `
The new version has a public key of its own; what was encrypted to older versions stays decryptable. Prints KeyId and
KeyVersionId; with -q only the KeyVersionId. The service allows one version in seven days, and none where it keeps keys
to one version: then create a key and move the alias.
  kms-asym create-key-version --key-id alias/backup && kms-asym get-public-key --key-id alias/backup -o backup.pem`;

async function run(options: Options, context: Context): Promise<void> {
  const region = chooseRegion(options, context.env);
  const version = await withKms(context, options, region, (kms) => kms.createKeyVersion(options.keyId));
  const { keyId, keyVersionId, creationDate, requestId } = version;
  if (options.json === true) {
    await context.terminal.json({
      KeyId: keyId,
      KeyVersionId: keyVersionId,
      CreationDate: creationDate,
      RequestId: requestId,
    });
  } else {
    await context.terminal.data(
      options.quiet === true ? `${keyVersionId}\n` : `KeyId: ${keyId}\nKeyVersionId: ${keyVersionId}\n`,
    );
  }
}
