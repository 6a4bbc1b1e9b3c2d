/** Good inputs to damage, and the emulator that would open them. */
import { createPrivateKey, publicEncrypt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import { main } from '../../../src/cli/main.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { memoryStdio } from '../memory-stdio.js';

export const IDENTITY = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';
export const RECIPIENT = 'age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa';
/** In every plaintext and secret. No error may repeat it. */
export const SECRET = 'hunter2hunter2';
export const PLAINTEXT = `DB_PASSWORD=${SECRET}\n`;

export interface World {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute names of good files. */
  readonly at: (name: string) => string;
  readonly read: (name: string) => Buffer;
  readonly seed: object;
  /** What `key-a` opens. */
  readonly seal: (text: string) => Buffer;
  readonly close: () => Promise<void>;
}

/** Makes one in a folder; `fixtures` is `inject('fixtures')`. */
export async function makeWorld(fixtures: string, folder: string): Promise<World> {
  const at = (name: string) => join(folder, name);
  const pkcs8 = createPrivateKey(readFileSync(join(fixtures, 'rsa2048.key')))
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const key = (KeyId: string, KeyUsage: string, more: object) => ({
    KeyId,
    KeySpec: 'RSA_2048',
    KeyUsage,
    ProtectionLevel: 'SOFTWARE',
    ...more,
  });
  const seed = {
    keys: [
      key('key-a', 'ENCRYPT/DECRYPT', { Versions: [{ KeyVersionId: 'v1', PrivateKey: pkcs8 }] }),
      key('key-b', 'ENCRYPT/DECRYPT', {}),
      key('key-sign', 'SIGN/VERIFY', {}),
    ],
  };
  const emulator = await startEmulator({ hsm: 'software', seed });
  const env = emulatorEnvironment(emulator, { HOME: folder, PATH: process.env['PATH'] });
  const make = async (argv: readonly string[], stdin = PLAINTEXT): Promise<void> => {
    const stdio = memoryStdio(Buffer.from(stdin));
    const status = await main(argv, { stdio, env, interceptSignals: () => () => undefined });
    if (status !== 0) throw new Error(stdio.output('stderr').toString());
  };
  for (const { KeyId } of seed.keys)
    await make(['get-public-key', '--key-id', KeyId, '-o', at(`${KeyId}.pem`)]);
  writeFileSync(at('identity-file'), IDENTITY);
  const encrypt = (name: string, ...argv: string[]) => make(['encrypt', ...argv, '-o', at(name)]);
  await make(['recipient', '--key-id', 'key-a', '-o', at('recipients')]);
  await make(['identity', '-o', at('kms-identity')]);
  await make(['sign', '--public-key', at('key-sign.pem'), '-o', at('signature')]);
  await encrypt('raw', '--public-key', at('key-a.pem'), '--format', 'oaep');
  await encrypt('native.age', '-r', RECIPIENT);
  await encrypt('armored.age', '-r', RECIPIENT, '-a');
  await encrypt('kms.age', '--public-key', at('key-a.pem'), '--format', 'age');
  const publicKey = readFileSync(join(fixtures, 'rsa2048.pem'));
  const seal = (text: string) => publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, Buffer.from(text));
  return { seal, env, at, read: (name) => readFileSync(at(name)), seed, close: () => emulator.close() };
}
