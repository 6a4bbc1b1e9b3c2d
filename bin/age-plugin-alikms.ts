/** The executable that age clients start: binds a run to this process. */
import { pluginMain } from '../src/cli/plugin/main.js';
import { interceptSignals } from '../src/io/cleanup.js';
import { processStdio } from '../src/io/process-stdio.js';

void pluginMain(process.argv.slice(2), { stdio: processStdio(), env: process.env, interceptSignals }).then(
  (status) => {
    // All is written; taking everything apart first, as Node does by itself, only takes time.
    process.exit(status);
  },
);
