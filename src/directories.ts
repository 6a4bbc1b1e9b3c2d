/** Directories that are missing, and those above them. */
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from './errors.js';

/**
 * Makes a directory and those above it, as far as they are missing; throws the system's error. Node's own way never ends where
 * the system says that something above is missing although it is there, as in /proc.
 *
 * @param mode - of what is made
 */
export function makeDirectories(directory: string, mode: number): void {
  try {
    makeOne(directory, mode);
  } catch (error) {
    const above = path.dirname(directory);
    if (errnoOf(error) !== 'ENOENT' || above === directory) throw error;
    makeDirectories(above, mode);
    makeOne(directory, mode);
  }
}

function makeOne(directory: string, mode: number): void {
  try {
    fs.mkdirSync(directory, { mode });
  } catch (error) {
    const isThere = fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}
