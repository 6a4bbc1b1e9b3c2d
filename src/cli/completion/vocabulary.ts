/** What can stand on a command line, read from the definitions that parse it: completions never say anything else. */
import { Command, type Argument, type Option } from 'commander';
import { GROUPS } from '../commands/index.js';
import type { Context } from '../context.js';
import { addGlobalOptions } from '../options.js';

/** What an argument or the value of an option is. `assignment` is NAME=FILE, `command` another program with its own words. */
export type Kind = 'file' | 'directory' | 'assignment' | 'command' | 'other';

/** A value: one of these words, or of a kind. */
export type Value = { readonly words: readonly string[] } | { readonly kind: Kind };

/** An option. */
export interface OptionWords {
  /** As they are typed: `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** Absent for an option that takes none. */
  readonly value?: Value;
}

/** A subcommand. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** Its arguments; absent when it takes none. */
  readonly argument?: Value;
}

/** A whole command line. */
export interface Vocabulary {
  readonly commands: readonly CommandWords[];
  /** Work with every subcommand, before or after its name. */
  readonly options: readonly OptionWords[];
}

/** Loads every subcommand and reads them all. */
export async function readVocabulary(context: Context): Promise<Vocabulary> {
  const global = new Command();
  addGlobalOptions(global);
  const entries = GROUPS.flatMap((group) => group.entries);
  const commands = entries.map(async ({ name, summary, load }) => {
    const command = new Command(name);
    (await load()).define(command, context);
    const [argument] = command.registeredArguments;
    return {
      name,
      summary,
      options: command.options.filter((option) => !option.hidden).map(wordsOf),
      ...(argument && { argument: argumentOf(argument) }),
    };
  });
  return {
    commands: await Promise.all(commands),
    options: [...global.options.map(wordsOf), ...OF_COMMANDER],
  };
}

/** What commander itself adds. */
const OF_COMMANDER: readonly OptionWords[] = [
  { flags: ['-h', '--help'], summary: 'print help' },
  { flags: ['--version'], summary: 'print the version' },
];

function wordsOf(option: Option): OptionWords {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const placeholder = /<(.*)>$/.exec(option.flags)?.[1];
  if (placeholder === undefined) return { flags, summary: option.description };
  return {
    flags,
    summary: option.description,
    value: option.argChoices ? { words: option.argChoices } : { kind: kindOf(placeholder) },
  };
}

/** By the names that stand for values in the help. */
function kindOf(placeholder: string): Kind {
  if (/^(file|path)(\.\.\.)?$/.test(placeholder)) return 'file';
  if (placeholder === 'dir') return 'directory';
  return placeholder === 'name=file' ? 'assignment' : 'other';
}

function argumentOf(argument: Argument): Value {
  if (argument.argChoices) return { words: argument.argChoices };
  return { kind: argument.name() === 'command' ? 'command' : 'file' };
}
