/** The executable that age clients start: binds a run to this process. */
import { pluginMain } from '../src/cli/plugin/main.js';
import { interceptSignals } from '../src/io/cleanup.js';
import { processStdio } from '../src/io/process-stdio.js';

// Nobody is left to answer when the client was killed; a call to the service would go on for its whole patience.
const client = process.ppid;
const watch = setInterval(() => {
  // Another process may hold our input open, and an exit would wait for a read of it that is under way.
  if (process.ppid !== client) process.kill(process.pid, 'SIGKILL');
}, 500);
watch.unref();

void pluginMain(process.argv.slice(2), { stdio: processStdio(), env: process.env, interceptSignals }).then(
  (status) => {
    // All is written; taking everything apart first, as Node does by itself, only takes time.
    process.exit(status);
  },
);
