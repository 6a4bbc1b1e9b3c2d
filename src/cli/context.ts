/** What a run is given from outside, and what every command shares. Tests give memory instead of the process. */
import type { Stdio } from '../io/stdio.js';
import type { Progress } from './progress.js';
import type { Terminal } from './terminal.js';

/** What a second thread runs. */
export interface SecondThreadProgram {
  readonly file: string;
  /** Inputs that are smaller are sooner done by one thread. */
  readonly minBytes: number;
}

/** The outside world of a run. */
export interface Run {
  readonly stdio: Stdio;
  readonly env: NodeJS.ProcessEnv;
  /**
   * Hands signals to `listener` in place of the default (clean up, exit 128 + n) until the returned function is
   * called. For commands that outlive a signal: a server that stops gracefully, a parent that forwards.
   */
  readonly interceptSignals: (listener: (signal: NodeJS.Signals) => void) => () => void;
  /** Helps with large files; without it all is done by one thread. */
  readonly secondThread?: SecondThreadProgram;
}

/** A run as commands see it. */
export interface Context extends Run {
  readonly terminal: Terminal;
  /** The command line behind the program's name. */
  readonly argv: readonly string[];
  /** Counts what is done for one of many files, in place of a count of its own. */
  readonly progress?: Progress;
  /** Set by a command that ends with somebody else's exit status; 0 unless set. */
  exitStatus: number;
}
