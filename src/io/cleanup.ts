/**
 * Temporary files never outlive the process, SIGKILL apart.
 *
 * Handlers stand only while there is something to remove or somebody listens: without one the system ends the
 * process at once, even where it is stuck in a write to a pipe that nobody reads. When there was something to remove,
 * the signal is raised again afterwards, so that every caller sees what it would have seen: 128 + n in a shell.
 */
import fs from 'node:fs';

/** Gets a signal in place of the default. */
export type SignalListener = (signal: NodeJS.Signals) => void;

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

const temporaryFiles = new Set<string>();
const listeners: SignalListener[] = [];
let stays = 0;
let standing = false;
let atExit = false;

/**
 * Removes a file when the process ends before `release` is called: by a signal, an uncaught error or an exit.
 *
 * @returns release, to be called when the file has its final name or is gone
 */
export function removeOnExit(path: string): () => void {
  temporaryFiles.add(path);
  if (!atExit) process.on('exit', removeTemporaryFiles);
  atExit = true;
  adjust();
  return () => {
    temporaryFiles.delete(path);
    adjust();
  };
}

/**
 * Lets the handlers stand also while there is nothing to remove: setting them up and taking them down again for each of a
 * thousand small files takes longer than some of the files.
 *
 * @returns release
 */
export function keepHandlers(): () => void {
  stays += 1;
  adjust();
  return () => {
    stays -= 1;
    adjust();
  };
}

/**
 * Hands SIGINT, SIGTERM, SIGHUP and SIGQUIT to a listener, the latest one first, until it is released. It gets every signal
 * until then: release it at the first one to let a second end the process at once.
 *
 * @returns release
 */
export function interceptSignals(listener: SignalListener): () => void {
  listeners.push(listener);
  adjust();
  return () => {
    const index = listeners.indexOf(listener);
    if (index >= 0) listeners.splice(index, 1);
    adjust();
  };
}

function adjust(): void {
  const needed = stays + temporaryFiles.size + listeners.length > 0;
  if (needed === standing) return;
  standing = needed;
  for (const signal of Object.keys(SIGNALS)) {
    if (needed) process.on(signal, handle);
    else process.removeListener(signal, handle);
  }
}

function handle(signal: keyof typeof SIGNALS): void {
  const listener = listeners.at(-1);
  if (listener) {
    listener(signal);
    return;
  }
  removeTemporaryFiles();
  for (const name of Object.keys(SIGNALS)) process.removeListener(name, handle);
  if (process.platform !== 'win32') process.kill(process.pid, signal);
  // Windows, or the first process of a container, which the system does not end by a signal.
  process.exit(128 + SIGNALS[signal]);
}

function removeTemporaryFiles(): void {
  for (const path of temporaryFiles) {
    try {
      fs.unlinkSync(path);
    } catch {
      // Gone already, or its directory is: there is nobody left to tell.
    }
  }
  temporaryFiles.clear();
}
