/** The executable: binds a run to this process. Only this file touches the process's exit status. */
import { main } from '../src/cli/main.js';
import { interceptSignals } from '../src/io/cleanup.js';
import { processStdio } from '../src/io/process-stdio.js';

/** Time for the process to end by itself when the run is over, in milliseconds. */
const EXIT_GRACE_MS = 500;

void main(process.argv.slice(2), { stdio: processStdio(), env: process.env, interceptSignals }).then(
  (status) => {
    process.exitCode = status;
    // Look-ups of names and programs that were asked for credentials cannot be cancelled, and must not hold the process.
    setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
  },
);
