/**
 * Processes told apart although the system uses their numbers again, and although containers count their own: by the
 * place that counts, the number, and when it was given.
 */
import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { errnoOf } from '../errors.js';

/** One process as a word of text: `PLACE:PID:START`, {@link PROCESS_NAME}. */
export type ProcessName = string;

/** What every {@link ProcessName} looks like. */
export const PROCESS_NAME = /^[0-9a-f]{16}:\d{1,10}:\d*$/;

/** This process. */
export function ownProcess(): ProcessName {
  return `${ownPlace()}:${process.pid}:${readStat(process.pid)?.startTime ?? ''}`;
}

/** A zombie has ended; only its parent has not asked yet. */
const ENDED: ReadonlySet<string | undefined> = new Set(['Z', 'X']);

/** Whether a process still runs; `undefined` when it cannot be seen from here: on another machine, in a container. */
export function isRunning(name: ProcessName): boolean | undefined {
  const [place, number, startTime] = name.split(':');
  if (place !== ownPlace()) return undefined;
  const pid = Number(number);
  const stat = readStat(pid);
  if (stat !== undefined && (ENDED.has(stat.state) || stat.startTime !== startTime)) return false;
  return exists(pid);
}

function ownPlace(): string {
  const bootId = attempt(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));
  const pidNamespace = attempt(() => fs.readlinkSync('/proc/self/ns/pid'));
  const self = attempt(() => fs.readlinkSync('/proc/self'));
  // A /proc of another namespace numbers processes otherwise: nothing that it says about a number is about ours.
  const isOurs = self === undefined || self === String(process.pid);
  const parts = [os.hostname(), bootId, pidNamespace, isOurs ? '' : randomUUID()].join('\n');
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function readStat(pid: number): { state: string | undefined; startTime: string | undefined } | undefined {
  const line = attempt(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The name of the program, in parentheses, may hold anything; the state is the third field, the start the 22nd.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0], startTime: fields[19] };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Not on this system.
    return undefined;
  }
}
