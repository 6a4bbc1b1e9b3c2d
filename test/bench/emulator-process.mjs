/** The built executable, and its emulator in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';

export const KMS_ASYM = path.join(import.meta.dirname, '..', '..', 'dist', 'kms-asym.cjs');

/**
 * @param {string} hsm where its keys live
 * @returns what a client needs, also as `env`, and `stop()`
 */
export async function startEmulator(hsm) {
  const child = spawn(process.execPath, [KMS_ASYM, 'emulator', '--hsm', hsm, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(readline.createInterface(child.stdout), 'line');
  const { Endpoint, Region, AccessKeyId, AccessKeySecret } = JSON.parse(line);
  const env = {
    ...process.env,
    KMS_ASYM_ENDPOINT: Endpoint,
    ALIBABA_CLOUD_REGION_ID: Region,
    ALIBABA_CLOUD_ACCESS_KEY_ID: AccessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: AccessKeySecret,
  };
  return {
    endpoint: Endpoint,
    accessKeyId: AccessKeyId,
    accessKeySecret: AccessKeySecret,
    env,
    stop: () => child.kill(),
  };
}
