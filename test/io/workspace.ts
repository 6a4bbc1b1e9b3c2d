/** A directory of its own for each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export function workspace(): (name: string) => string {
  const dir = mkdtempSync(join(tmpdir(), 'kms-asym-io-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return (name) => join(dir, name);
}
