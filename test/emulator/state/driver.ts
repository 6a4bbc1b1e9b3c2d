/** An emulator in a process of its own, for tests that kill it: options as JSON in, what a client needs as JSON out. */
import { startEmulator } from '../../../src/emulator/start.js';

const options = JSON.parse(process.argv[2] ?? '{}') as object;

startEmulator({ ...options, onNotice: (line) => process.stderr.write(`${line}\n`) }).then(
  (emulator) => process.stdout.write(`${JSON.stringify({ ...emulator, pid: process.pid })}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 9;
  },
);
