/** `emulator`: a local KMS, alone or around a command. */
import { Option, type Command } from 'commander';
import { KmsAsymError } from '../../errors.js';
import type { Emulator } from '../../emulator/options.js';
import { emulatorEnvironment } from '../emulator-environment.js';
import { runChild } from '../child.js';
import type { Context } from '../context.js';
import { port, text, type GlobalOptions } from '../options.js';

interface Options extends GlobalOptions {
  readonly port?: number;
  readonly hsm: string;
}

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  program
    .command('emulator')
    .description('run a local KMS, until interrupted or for the time of a command')
    .argument('[command...]', 'after --: run this against a fresh emulator and stop with its exit status')
    .addOption(new Option('--port <n>', 'port on 127.0.0.1; default is a free one').argParser(port))
    .addOption(
      new Option('--hsm <where>', 'where keys live: auto, softhsm, software, or a pkcs11: URI')
        .argParser(text)
        .default('auto'),
    )
    .addHelpText('after', EXAMPLES)
    .action((words: string[], _options: Options, command: Command) =>
      run(words, command.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
For tests: it listens on loopback, checks signatures, and is not a security boundary.
  kms-asym emulator -- sh -c 'kms-asym create-key'
  kms-asym emulator --port 8700`;

async function run(words: readonly string[], options: Options, context: Context): Promise<void> {
  const [file, ...args] = words;
  if (file !== undefined && options.json === true) {
    throw new KmsAsymError(
      'usage',
      '--json describes a running emulator; with a command, stdout belongs to the command',
    );
  }
  const { startEmulator } = await import('../../emulator/start.js');
  const emulator = await startEmulator({
    hsm: options.hsm,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.region !== undefined && { region: options.region }),
    onNotice: (line) => {
      context.terminal.noteAside(`emulator: ${line}`);
    },
  });
  try {
    if (file === undefined) await serve(emulator, options, context);
    else context.exitStatus = await runChild(file, args, emulatorEnvironment(emulator, context.env), context);
  } finally {
    await emulator.close();
  }
}

/** Prints what a client needs and waits for the signal that ends it. */
async function serve(emulator: Emulator, options: Options, context: Context): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    const release = context.interceptSignals(() => {
      release();
      resolve();
    });
  });
  if (options.json === true) {
    await context.terminal.json({
      Endpoint: emulator.endpoint,
      Region: emulator.region,
      AccessKeyId: emulator.accessKeyId,
      AccessKeySecret: emulator.accessKeySecret,
      Hsm: emulator.backend,
    });
  } else {
    const settings = Object.entries(emulatorEnvironment(emulator, {}));
    await context.terminal.data(settings.map(([name, value]) => `export ${name}=${value ?? ''}\n`).join(''));
    await context.terminal.note(
      `emulator: ${emulator.endpoint}, keys in ${emulator.backend}; Ctrl-C stops it`,
    );
    await context.terminal.note('emulator: for tests only, not a security boundary');
  }
  await stopped;
}
