/** The executable: binds a run to this process. Only this file touches the process's exit status. */
import { main } from '../src/cli/main.js';
import { interceptSignals } from '../src/io/cleanup.js';
import { exitSoon } from '../src/io/exit-soon.js';
import { processStdio } from '../src/io/process-stdio.js';

void main(process.argv.slice(2), { stdio: processStdio(), env: process.env, interceptSignals }).then(
  (status) => {
    process.exitCode = status;
    exitSoon();
  },
);
