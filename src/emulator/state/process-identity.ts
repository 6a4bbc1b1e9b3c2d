/** Processes told apart although the system uses their numbers again: by when they started, where that can be known. */
import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';

/** A process, as other processes see it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the boot and the start of the process (proc_pid_stat(5)); empty where there is no /proc. */
  readonly startTime: string;
}

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTime: (await readStat(process.pid))?.startTime ?? '' };
}

/** A zombie has ended; only its parent has not asked yet. */
const ENDED: ReadonlySet<string | undefined> = new Set(['Z', 'X']);

/** Whether it still runs: it, and not another one with its number. */
export async function isRunning({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const stat = await readStat(pid);
  if (stat !== undefined && (ENDED.has(stat.state) || !['', stat.startTime].includes(startTime)))
    return false;
  return exists(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

async function readStat(
  pid: number,
): Promise<{ state: string | undefined; startTime: string | undefined } | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name of the program, in parentheses, may hold anything; the state is the third field, the start the 22nd.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0], startTime: fields[19] };
}
