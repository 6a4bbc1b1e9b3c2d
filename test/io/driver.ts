/**
 * A program that does nothing but input and output, for tests of what only a process has: descriptors, signals, a
 * umask. Steps are words: `copy IN OUT`, `secret`, `force`, `hold` (say `ready` before the commit, then wait), …
 */
import { interceptSignals } from '../../src/io/cleanup.js';
import { openInput } from '../../src/io/input.js';
import { createOutput } from '../../src/io/output.js';
import { processStdio } from '../../src/io/process-stdio.js';

const [command, from, to, ...flags] = process.argv.slice(2);
const stdio = processStdio();
const given = (word: string | undefined) => (word === 'none' ? undefined : word);

async function copy(): Promise<void> {
  const input = openInput(given(from), stdio.stdin);
  const output = createOutput({
    path: given(to),
    stdout: stdio.stdout,
    secret: flags.includes('secret'),
    force: flags.includes('force'),
    kind: 'binary',
    input,
  });
  output.check();
  if (flags.includes('hold')) {
    await output.write(Buffer.from('partial'));
    await stdio.stderr.write('ready\n');
    // Either a read that never ends, or nothing but a timer.
    if (flags.includes('timer')) await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  for await (const chunk of input.chunks()) await output.write(chunk);
  if (flags.includes('throw')) throw new Error('a bug');
  await output.commit();
  input.close();
}

async function intercept(): Promise<void> {
  let seen = 0;
  const release = interceptSignals((signal) => {
    seen += 1;
    void stdio.stdout.write(`${signal}\n`);
    if (seen === 2) release();
  });
  const timer = setTimeout(() => undefined, 60_000);
  await stdio.stderr.write('ready\n');
  timer.ref();
}

async function describe(): Promise<void> {
  const facts = Object.values(stdio).map((stream: { isTerminal: boolean }) => stream.isTerminal);
  await stdio.stdout.write(`${JSON.stringify([...facts, stdio.stdout.columns])}\n`);
}

/** Several writes at once keep their order. */
async function flood(): Promise<void> {
  const lines = Array.from({ length: 300 }, (_, index) => String(index).padStart(999, '0') + '\n');
  await Promise.all(lines.map((line) => stdio.stdout.write(line)));
}

const commands: Record<string, () => Promise<void>> = { copy, intercept, describe, flood };

commands[command ?? '']?.().catch((error: unknown) => {
  if (flags.includes('throw')) throw error;
  const { name, code, message } = error as { name: string; code?: string; message: string };
  process.stderr.write(`${name}: ${code ?? ''}: ${message}\n`);
  process.exitCode = 9;
});
