/** The executable: binds a run to this process. Only this file touches the process's exit status. */
import path from 'node:path';
import { main } from '../src/cli/main.js';
import { interceptSignals } from '../src/io/cleanup.js';
import { exitSoon } from '../src/io/exit-soon.js';
import { processStdio } from '../src/io/process-stdio.js';

/** A thread takes tens of milliseconds to start, in which one alone does about as much. */
const SECOND_THREAD_MIN_BYTES = 32 * 1024 * 1024;

void main(process.argv.slice(2), {
  stdio: processStdio(),
  env: process.env,
  interceptSignals,
  secondThread: {
    file: path.join(import.meta.dirname, 'second-thread.cjs'),
    minBytes: SECOND_THREAD_MIN_BYTES,
  },
}).then((status) => {
  process.exitCode = status;
  exitSoon();
});
