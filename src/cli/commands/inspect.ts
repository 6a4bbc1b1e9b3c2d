/** `inspect`: what a file is and which keys open it, without credentials or network. */
import type { Command } from 'commander';
import { recognizeAge, RECOGNITION_BYTES } from '../../age/recognition.js';
import { MAX_CIPHERTEXT_INPUT_BYTES, parseCiphertext } from '../../crypto/ciphertext.js';
import { rsaKeySpecOfSize } from '../../crypto/algorithms.js';
import { openInput } from '../../io/input.js';
import { Peeked } from '../../io/peek.js';
import type { Context } from '../context.js';
import type { Inspection } from '../inspection.js';
import type { GlobalOptions } from '../options.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .argument('[input]', 'file to look at; without it, or with -, stdin')
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: GlobalOptions, command: Command) =>
      run(input, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Nothing that is printed is authenticated before the file is decrypted. Exit status 3 when the file cannot be whole.
  kms-asym inspect srv.tar.age
  kms-asym inspect --json srv.tar.age | jq -r '.Recipients[].KeyId'`;

async function run(inputPath: string | undefined, options: GlobalOptions, context: Context): Promise<void> {
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const file = new Peeked(input.chunks());
    const encoding = recognizeAge((await file.peek(RECOGNITION_BYTES)).bytes);
    const { inspectAge, textOf, whyDamaged } = await import('../inspection.js');
    const inspection = encoding
      ? await inspectAge(file, encoding, input.size)
      : await inspectOaep(file, input.name);
    const object = { Input: input.name, ...inspection };
    if (options.json === true) await context.terminal.json(object);
    else await context.terminal.data(textOf(object));
    const damage = whyDamaged(inspection, input.name);
    if (damage) throw damage;
  } finally {
    input.close();
  }
}

async function inspectOaep(file: Peeked, name: string): Promise<Inspection> {
  const { bytes, truncated } = await file.peek(MAX_CIPHERTEXT_INPUT_BYTES);
  const ciphertext = parseCiphertext(bytes, name, truncated);
  return {
    Format: 'oaep',
    Encoding: ciphertext.encoding,
    Recipients: [{ Type: 'RSA', KeySpec: rsaKeySpecOfSize(ciphertext.bytes.length) }],
    CiphertextBytes: ciphertext.bytes.length,
  };
}
