/** `decrypt`: AsymmetricDecrypt opens a raw ciphertext, or the file key of an age file; the private key stays in KMS. */
import { Option, type Command } from 'commander';
import { openInput, type Input } from '../../io/input.js';
import type { Output } from '../../io/output.js';
import { batchOptions, isBatch, type AskedBatch } from '../batch/options.js';
import type { Context } from '../context.js';
import { decryptInput } from '../decrypt-input.js';
import { decryptOptions } from '../decrypt-options.js';
import type { DecryptOptions } from '../decryption.js';
import { KmsClients } from '../kms-clients.js';
import { text } from '../options.js';
import { openOutput, requireOutputFile } from '../output-option.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command.argument(
    '[input...]',
    'file to decrypt: raw, base64, or an age file; without it, or with -, stdin; with --output-dir files and directories',
  );
  for (const option of [
    ...decryptOptions(),
    new Option('-o, --output <file>', 'file to write (mode 0600); default is stdout').argParser(text),
    ...batchOptions('what names lose (default: .age or .enc)'),
  ]) {
    command.addOption(option);
  }
  command
    .addHelpText('after', EXAMPLES)
    .action((inputs: string[], _options: DecryptOptions, self: Command) => {
      const options: DecryptOptions = self.optsWithGlobals();
      return isBatch(inputs, options) ? runMany(inputs, options, context) : run(inputs[0], options, context);
    });
}

const EXAMPLES = `
Writes exactly the plaintext bytes. Age files name their key themselves; raw ciphertext and its base64 (wrapped, CRLF,
URL-safe) need one to be named.
  kms-asym decrypt srv.tar.age | tar x
  kms-asym decrypt --public-key backup.pem password.enc -o password.txt
  kms-asym decrypt --key-id alias/backup < password.enc
  kms-asym decrypt encrypted --output-dir secrets --skip-existing`;

async function run(inputPath: string | undefined, options: DecryptOptions, context: Context): Promise<void> {
  requireOutputFile(options);
  const input = openInput(inputPath, context.stdio.stdin);
  const clients = new KmsClients(context, options);
  try {
    const output = openOutput(options, context, { secret: true, kind: 'binary', input });
    output.check();
    const decrypted = await decryptInput({ options, context, clients }, input, output);
    const { KeyId, KeyVersionId, Algorithm, Encoding } = decrypted;
    await context.terminal.detail(
      `key ${KeyId ?? 'none'}, version ${KeyVersionId ?? 'none'}, ${Algorithm ?? 'none'}, ${Encoding} input`,
    );
    if (options.json === true) {
      await context.terminal.json({ Input: input.name, Output: options.output, ...decrypted });
    }
  } finally {
    input.close();
    await clients.close();
  }
}

async function runMany(
  inputs: readonly string[],
  options: DecryptOptions & AskedBatch,
  context: Context,
): Promise<void> {
  const [{ runBatch }, { removing }] = await Promise.all([
    import('../batch/run.js'),
    import('../batch/result-path.js'),
  ]);
  const operation = {
    done: 'decrypted',
    secret: true,
    rename: removing(options.suffix === undefined ? ['.age', '.enc'] : [options.suffix]),
    prepare: (shared: Context, clients: KmsClients) => {
      const decryption = { options, context: shared, clients };
      return Promise.resolve((input: Input, output: Output) => decryptInput(decryption, input, output));
    },
  };
  await runBatch(inputs, operation, options, context);
}
