/** Runs the cases of a script in a directory of their own, against an emulator when they ask for one. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, inject } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { addEmulatorOptions, emulatorOptions } from '../../src/cli/emulator-options.js';
import { main } from '../../src/cli/main.js';
import type { Emulator } from '../../src/emulator/options.js';
import { startEmulator } from '../../src/emulator/start.js';
import { memoryStdio, type StreamName } from './memory-stdio.js';
import {
  expand,
  linePattern,
  parseInvocation,
  type Case,
  type Script,
  type Step,
  type Variables,
} from './script.js';

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How `kms-asym` lines are run: in this process, or by an executable. */
export interface Target {
  readonly executable?: string;
}

export async function runCase(
  script: Script,
  one: Case,
  fixtures: string,
  target: Target = {},
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'kms-asym-script-'));
  const variables: Variables = new Map([['FIXTURES', fixtures]]);
  const before = process.cwd();
  let emulator: Emulator | undefined;
  try {
    for (const [name, content] of script.files) writeFileSync(join(dir, name), content);
    process.chdir(dir);
    if (one.tags.includes('emulator')) emulator = await startWith(one.emulatorArgs);
    const env = environment(dir, emulator);
    for (const step of one.steps) await runStep(step, { env, variables, target });
  } finally {
    process.chdir(before);
    await emulator?.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function environment(dir: string, emulator: Emulator | undefined): NodeJS.ProcessEnv {
  const clean = {
    PATH: process.env['PATH'],
    HOME: dir,
    LC_ALL: 'C',
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
  };
  if (emulator === undefined) return clean;
  const caFile = emulator.caPem === undefined ? undefined : join(dir, 'emulator-ca.pem');
  if (caFile !== undefined) writeFileSync(caFile, emulator.caPem ?? '');
  return emulatorEnvironment(emulator, clean, caFile);
}

/** An emulator as the command line's own options describe it. */
function startWith(args: readonly string[]): Promise<Emulator> {
  const command = addEmulatorOptions(new Command());
  command.parse(args, { from: 'user' });
  const options = emulatorOptions(command.opts(), undefined);
  return startEmulator({ ...options, hsm: inject('hsm') });
}

interface Setting {
  readonly env: NodeJS.ProcessEnv;
  readonly variables: Variables;
  readonly target: Target;
}

async function runStep(step: Step, setting: Setting): Promise<void> {
  const command = expand(step.command, setting.variables);
  const assignment = /^export (\w+)=(.*)$/.exec(command);
  if (assignment) {
    setting.env[assignment[1] ?? ''] = assignment[2];
    return;
  }
  const inProcess = command.startsWith('kms-asym') && setting.target.executable === undefined;
  const result = inProcess ? await runInProcess(command, step, setting) : await runShell(command, setting);
  const where = `line ${step.line}: $ ${command}\nstderr:\n${result.stderr}`;
  expect(result.status, where).toBe(step.status);
  matchLines(step.stdout, result.stdout, `${where}\nstdout:\n${result.stdout}`, setting.variables);
  matchLines(step.stderr, result.stderr, where, setting.variables);
}

async function runInProcess(command: string, step: Step, { env }: Setting): Promise<Result> {
  const invocation = parseInvocation(command);
  const stdin = invocation.stdin === undefined ? Buffer.alloc(0) : readFileSync(invocation.stdin);
  const stdio = memoryStdio(stdin, step.terminals as StreamName[]);
  // The vendor's credential chain reads the process's environment, not one it is given.
  const outer = process.env;
  process.env = env;
  const status = await main(invocation.args, { stdio, env, interceptSignals: () => () => undefined }).finally(
    () => {
      process.env = outer;
    },
  );
  const stdout = stdio.output('stdout');
  if (invocation.stdout !== undefined) writeFileSync(invocation.stdout, stdout);
  return {
    status,
    stdout: invocation.stdout === undefined ? stdout.toString() : '',
    stderr: stdio.output('stderr').toString(),
  };
}

function runShell(command: string, { env, target }: Setting): Promise<Result> {
  const own = target.executable === undefined ? '' : `kms-asym() { "${target.executable}" "$@"; }\n`;
  return new Promise((resolve) => {
    execFile('bash', ['-c', `${own}${command}`], { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ status, stdout, stderr });
    });
  });
}

function matchLines(expected: readonly string[], actual: string, where: string, variables: Variables): void {
  const lines = actual === '' ? [] : actual.replace(/\n$/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    const { regex, names } = linePattern(expected[index] ?? '(no more lines expected)', variables);
    const match = regex.exec(line);
    expect(match ? line : `${line}   does not match   ${String(regex)}`, where).toBe(line);
    names.forEach((name, hole) => {
      if (name !== '') variables.set(name, match?.[hole + 1] ?? '');
    });
  }
  expect(lines.length, `${where}\nnumber of lines`).toBe(expected.length);
}
