/** `emulator`: a local KMS, alone or around a command. */
import { constants } from 'node:os';
import type { Command } from 'commander';
import { KmsAsymError, shellWord } from '../../errors.js';
import type { Emulator, EmulatorOptions } from '../../emulator/options.js';
import { writeCaFile } from '../ca-file.js';
import { commandBehindDashes, runChild, type CommandLine } from '../child.js';
import type { Context } from '../context.js';
import { emulatorEnvironment } from '../emulator-environment.js';
import { givenRegion } from '../settings.js';
import { takeStopSignal, type StopSignal } from '../stop-signal.js';
import { addEmulatorOptions, type EmulatorFlags, emulatorOptions } from '../emulator-options.js';

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
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
  const command = commandBehindDashes(words, context);
  if (command && flags.json === true) {
    throw new KmsAsymError(
      'usage',
      '--json describes a running emulator; with a command, stdout belongs to the command',
    );
  }
  // Files are read first: a FIFO may make that wait, which a signal is to end.
  const options = {
    ...emulatorOptions(flags, givenRegion(flags, context.env)),
    onNotice: (line: string) => {
      context.terminal.noteAside(`emulator: ${line}`);
    },
    ...(flags.verbose === true && {
      onRequest: (record: object) => context.terminal.recordAside(record),
    }),
  };
  // Before anything is made that has to be taken away again.
  const stop = takeStopSignal(context);
  try {
    await withEmulator(options, (emulator, caFile) =>
      command
        ? runAgainst(emulator, caFile, command, { context, stop })
        : serve(emulator, caFile, flags, { context, stop }),
    );
  } finally {
    stop.release();
  }
}

/** What runs while the emulator does. */
interface Surroundings {
  readonly context: Context;
  readonly stop: StopSignal;
}

async function runAgainst(
  emulator: Emulator,
  caFile: string | undefined,
  command: CommandLine,
  { context, stop }: Surroundings,
): Promise<void> {
  const signal = stop.signal();
  context.exitStatus = signal
    ? 128 + constants.signals[signal]
    : await runChild(command, emulatorEnvironment(emulator, context.env, caFile), context);
}

async function withEmulator(
  options: EmulatorOptions,
  use: (emulator: Emulator, caFile: string | undefined) => Promise<void>,
): Promise<void> {
  const { startEmulator } = await import('../../emulator/start.js');
  const emulator = await startEmulator(options);
  try {
    await withCaFile(emulator, (caFile) => use(emulator, caFile));
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
  { context, stop }: Surroundings,
): Promise<void> {
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
  await stop.stopped;
}
