/** `get-public-key`: the public key as a file that describes itself. */
import { Option, type Command } from 'commander';
import { locatorOf } from '../../crypto/key-locator.js';
import { formatPublicKeyFile } from '../../crypto/public-key-file.js';
import type { Context } from '../context.js';
import { fetchPublicKey } from '../fetch-public-key.js';
import { requireKeyId } from '../key-source.js';
import { keyIdOption, newestVersionOption, text, type GlobalOptions } from '../options.js';
import { openOutputBesideJson } from '../output-option.js';
import { chooseRegion, withKms } from '../settings.js';

interface Options extends GlobalOptions {
  readonly keyId?: string;
  readonly keyVersionId?: string;
  readonly output?: string;
  readonly bare?: boolean;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .addOption(keyIdOption())
    .addOption(newestVersionOption())
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .option('--bare', "exactly the service's PEM, without explanatory lines")
    .addHelpText('after', EXAMPLES)
    .action((_options: Options, command: Command) => run(command.optsWithGlobals(), context));
}

const EXAMPLES = `
The lines before the PEM (KeyId, KeyVersionId, KeySpec, Region, Fingerprint) are not authenticated: compare the
fingerprint over another channel when the file came over an untrusted one.
  kms-asym get-public-key --key-id alias/backup -o backup.pem`;

async function run(options: Options, context: Context): Promise<void> {
  const locator = requireKeyId(options, context.env);
  const region = chooseRegion(options, context.env);
  const output = openOutputBesideJson(options, context, { kind: 'text' });
  const fetched = await withKms(context, options, region, (kms) =>
    fetchPublicKey(kms, locator, context.terminal),
  );
  const { publicKeyPem, publicKey } = fetched;
  if (fetched.isForSigning) {
    await context.terminal.note(
      `key "${fetched.keyId}" is for SIGN/VERIFY: do not encrypt to it, KMS would not decrypt`,
    );
  }
  const text =
    options.bare === true
      ? publicKeyPem
      : formatPublicKeyFile(publicKeyPem, publicKey, locatorOf({ ...fetched, region }));
  if (output) {
    await output.write(Buffer.from(text));
    await output.commit();
  }
  await context.terminal.detail(`fingerprint SHA256:${publicKey.fingerprint}`);
  if (options.json !== true) return;
  await context.terminal.json({
    KeyId: fetched.keyId,
    KeyVersionId: fetched.keyVersionId,
    KeySpec: publicKey.keySpec,
    Region: region,
    Fingerprint: `SHA256:${publicKey.fingerprint}`,
    PublicKey: publicKeyPem,
    Output: options.output,
    RequestId: fetched.requestId,
  });
}
