/** `emulator`: a local KMS, alone or around a command. */
import type { Command } from 'commander';
import { KmsAsymError } from '../../errors.js';
import type { Emulator } from '../../emulator/options.js';
import { writeCaFile } from '../ca-file.js';
import { runChild } from '../child.js';
import type { Context } from '../context.js';
import { emulatorEnvironment } from '../emulator-environment.js';
import { addEmulatorOptions, type EmulatorFlags, emulatorOptions } from '../emulator-options.js';

/** Adds the subcommand. */
export function register(program: Command, context: Context): void {
  const command = program
    .command('emulator')
    .description('run a local KMS, until interrupted or for the time of a command')
    .argument('[command...]', 'after --: run this against a fresh emulator and stop with its exit status')
    .addHelpText('after', EXAMPLES)
    .action((words: string[], _flags: EmulatorFlags, self: Command) =>
      run(words, self.optsWithGlobals(), context),
    );
  addEmulatorOptions(command);
}

const EXAMPLES = `
With -v, one line of JSON on stderr for every request.

For tests: it listens on loopback, checks signatures, and is not a security boundary.
  kms-asym emulator -- sh -c 'kms-asym create-key'
  kms-asym emulator --port 8700 --tls
  kms-asym emulator --fault throttle=0.2,drop=0.05 --deny AsymmetricDecrypt -- npm test`;

async function run(words: readonly string[], flags: EmulatorFlags, context: Context): Promise<void> {
  const [file, ...args] = words;
  if (file !== undefined && flags.json === true) {
    throw new KmsAsymError(
      'usage',
      '--json describes a running emulator; with a command, stdout belongs to the command',
    );
  }
  const { startEmulator } = await import('../../emulator/start.js');
  const emulator = await startEmulator({
    ...emulatorOptions(flags),
    onNotice: (line) => {
      context.terminal.noteAside(`emulator: ${line}`);
    },
    ...(flags.verbose === true && { onRequest: (record) => context.terminal.recordAside(record) }),
  });
  try {
    await withCaFile(emulator, async (caFile) => {
      if (file === undefined) await serve(emulator, caFile, flags, context);
      else {
        const environment = emulatorEnvironment(emulator, context.env, caFile);
        context.exitStatus = await runChild(file, args, environment, context);
      }
    });
  } finally {
    await emulator.close();
  }
}

async function withCaFile(
  { caPem }: Emulator,
  use: (path: string | undefined) => Promise<void>,
): Promise<void> {
  const caFile = caPem === undefined ? undefined : writeCaFile(caPem);
  try {
    await use(caFile?.path);
  } finally {
    caFile?.remove();
  }
}

/** Prints what a client needs and waits for the signal that ends it. */
async function serve(
  emulator: Emulator,
  caFile: string | undefined,
  flags: EmulatorFlags,
  context: Context,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    const release = context.interceptSignals(() => {
      release();
      resolve();
    });
  });
  if (flags.json === true) {
    await context.terminal.json({
      Endpoint: emulator.endpoint,
      Region: emulator.region,
      AccessKeyId: emulator.accessKeyId,
      AccessKeySecret: emulator.accessKeySecret,
      SecurityToken: emulator.securityToken,
      CaFile: caFile,
      Hsm: emulator.backend,
    });
  } else {
    const settings = Object.entries(emulatorEnvironment(emulator, {}, caFile));
    await context.terminal.data(
      settings.map(([name, value]) => `export ${name}=${shellWord(value ?? '')}\n`).join(''),
    );
    await context.terminal.note(
      `emulator: ${emulator.endpoint}, keys in ${emulator.backend}; Ctrl-C stops it`,
    );
    await context.terminal.note('emulator: for tests only, not a security boundary');
  }
  await stopped;
}

/** Text as one word of a POSIX shell; plain where that is enough. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
