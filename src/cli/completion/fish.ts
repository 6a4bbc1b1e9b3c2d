/** Completions for fish, by its own `complete`. */
import type { CommandWords, Kind, OptionWords, Value, Vocabulary } from './vocabulary.js';

/** The script. */
export function fishCompletion({ commands, options }: Vocabulary): string {
  const lines = [line('-e'), line('-f'), ...options.map((option) => optionLine('', option))];
  return `# Completions of kms-asym for fish: kms-asym completion fish | source
# Whether this is the subcommand on the line; without one, whether there is none yet.
function __kms_asym_in
    set -l names ${commands.map(({ name }) => name).join(' ')}
    for word in (commandline -opc)[2..]
        if contains -- $word $names
            test "$word" = "$argv"
            return
        end
    end
    test -z "$argv"
end
# What completes the command line behind --.
function __kms_asym_behind
    set -l words (commandline -opc)
    set -l place (contains -i -- -- $words); or return
    set -l behind (string escape -- $words[(math $place + 1)..])
    complete -C (string join -- ' ' $behind (commandline -ct))
end
# Files behind the equals sign of NAME=FILE.
function __kms_asym_assignment
    set -l parts (string split -m 1 = -- (commandline -ct))
    set -q parts[2]; and printf '%s\\n' $parts[1]=(__fish_complete_path $parts[2])
end
${[...lines, ...commands.flatMap(linesOf)].join('\n')}
`;
}

function linesOf({ name, summary, options, argument }: CommandWords): string[] {
  const condition = `-n ${quoted(`__kms_asym_in ${name}`)}`;
  return [
    line(`-n __kms_asym_in -a ${name} -d ${quoted(summary)}`),
    ...options.map((option) => optionLine(condition, option)),
    ...(argument ? [line(`${condition} ${argumentText(argument)}`)] : []),
  ];
}

function optionLine(condition: string, { flags, summary, value }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const parts = [condition, ...names, value ? valueText(value) : '', `-d ${quoted(summary)}`];
  return line(parts.filter((part) => part !== '').join(' '));
}

/** `-r` wants a value, `-F` takes files for one, `-x` takes none. */
const VALUES = {
  file: '-r -F',
  directory: "-x -a '(__fish_complete_directories)'",
  assignment: "-x -a '(__kms_asym_assignment)'",
  command: '-x',
  other: '-x',
} as const satisfies Record<Kind, string>;

function valueText(value: Value): string {
  return 'words' in value ? `-x -a ${quoted(value.words.join(' '))}` : VALUES[value.kind];
}

function argumentText(value: Value): string {
  if ('words' in value) return `-a ${quoted(value.words.join(' '))}`;
  return value.kind === 'command' ? "-a '(__kms_asym_behind)'" : '-F';
}

function line(text: string): string {
  return `complete -c kms-asym ${text}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
