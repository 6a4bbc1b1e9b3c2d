/**
 * CLI cases as readable text. A script is one or more cases, then inline files:
 *
 *     # A sentence, the title of a case.
 *     #! packed                 tag: also run on the packed executable
 *     #! emulator --deny X      tag: with an emulator, which takes its options from here
 *     @ stdout stderr           these streams of the next command are terminals
 *     $ kms-asym encrypt --public-key K.pem plain.txt > out.bin
 *     1> expected stdout        every line of it, in order
 *     2> expected stderr        {{regex}} matches; {{NAME=regex}} also sets $NAME for later commands
 *     ? 3                       expected exit status; 0 when absent
 *     -- plain.txt --
 *     content of a file
 *
 * `kms-asym` lines run through `main` in this process (or the packed executable), everything else in a real shell.
 */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly terminals: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly status: number;
}

export interface Case {
  readonly title: string;
  readonly tags: readonly string[];
  /** Options of the emulator. */
  readonly emulatorArgs: readonly string[];
  readonly steps: readonly Step[];
}

export interface Script {
  readonly cases: readonly Case[];
  readonly files: ReadonlyMap<string, string>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export function parseScript(source: string): Script {
  const [body = '', ...rest] = source.split(/^-- (?=\S+ --$)/m);
  const files = new Map<string, string>();
  for (const part of rest) {
    const end = part.indexOf('\n');
    files.set(part.slice(0, end).replace(/ --$/, ''), part.slice(end + 1));
  }
  return { cases: parseCases(body), files };
}

function parseCases(body: string): Case[] {
  const cases: { title: string; tags: string[]; emulatorArgs: string[]; steps: Mutable<Step>[] }[] = [];
  let terminals: string[] = [];
  for (const [index, line] of body.split('\n').entries()) {
    const current = cases.at(-1);
    const step = current?.steps.at(-1);
    const fail = () => new Error(`line ${index + 1}: cannot read "${line}"`);
    if (line.trim() === '') continue;
    if (line.startsWith('#! ')) {
      const words = line.slice(3).split(' ');
      const first = words.findIndex((word) => word.startsWith('--'));
      current?.emulatorArgs.push(...(first < 0 ? [] : words.splice(first)));
      current?.tags.push(...words);
    } else if (line.startsWith('# ')) {
      if (current?.steps.length === 0) current.title += ` ${line.slice(2)}`;
      else cases.push({ title: line.slice(2), tags: [], emulatorArgs: [], steps: [] });
    } else if (line.startsWith('@ ')) terminals = line.slice(2).split(' ');
    else if (line.startsWith('$ ')) {
      if (!current) throw fail();
      current.steps.push({
        line: index + 1,
        command: line.slice(2),
        terminals,
        stdout: [],
        stderr: [],
        status: 0,
      });
      terminals = [];
    } else if (!step) throw fail();
    else if (/^1>( |$)/.test(line)) step.stdout.push(line.slice(3));
    else if (/^2>( |$)/.test(line)) step.stderr.push(line.slice(3));
    else if (line.startsWith('? ')) step.status = Number(line.slice(2));
    else throw fail();
  }
  return cases;
}

export type Variables = Map<string, string>;

/** `$NAME` and `${NAME}` of variables that a script captured; others stay for the shell. */
export function expand(text: string, variables: Variables): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string, plain: string) => {
    return variables.get(braced || plain) ?? whole;
  });
}

/** A line's pattern as one regular expression, and the variables it captures in order. */
export function linePattern(expected: string, variables: Variables): { regex: RegExp; names: string[] } {
  const names: string[] = [];
  const escape = (literal: string) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const parts = expand(expected, variables).split(/(\{\{.*?\}\}(?!\}))/);
  const source = parts.map((part) => {
    const hole = /^\{\{(?:([A-Z_]+)=)?(.*)\}\}$/.exec(part);
    if (!hole) return escape(part);
    names.push(hole[1] ?? '');
    return `(${(hole[2] ?? '').replace(/\((?!\?)/g, '(?:')})`;
  });
  return { regex: new RegExp(`^${source.join('')}$`), names };
}

export interface Invocation {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly stdout?: string;
}

/** Splits a `kms-asym` line into words (single and double quotes) and its `<` and `>` files. */
export function parseInvocation(command: string): Invocation {
  const words = [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/['"]/g, ''),
  );
  const args: string[] = [];
  const files: { stdin?: string; stdout?: string } = {};
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '<') files.stdin = words[(index += 1)] ?? '';
    else if (word === '>') files.stdout = words[(index += 1)] ?? '';
    else args.push(word);
  }
  return { args, ...files };
}
