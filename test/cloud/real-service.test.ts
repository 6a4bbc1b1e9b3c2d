import { describe, expect, it, onTestFinished } from 'vitest';
import { emulatorEnvironment } from '../../src/cli/emulator-environment.js';
import { startEmulator } from '../../src/emulator/start.js';
import { createKmsClient } from '../../src/kms/connect.js';
import { play } from './play.js';
import { QUESTIONS } from './questions.js';
import { Stage } from './stage.js';

/** The script plays against an emulator; afterwards every key is on its way out and no alias is left. */
async function rehearse(serviceMode: 'legacy' | 'instance') {
  const emulator = await startEmulator({ hsm: 'software', serviceMode });
  onTestFinished(() => emulator.close());
  const env = emulatorEnvironment(emulator, { ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' });
  const lines: string[] = [];
  const { endpoint, region } = emulator;
  const instanceId = serviceMode === 'instance' ? 'kst-hzz0123456789abcdefgh' : undefined;
  const stage = new Stage({
    env,
    region,
    endpoint,
    ...(instanceId !== undefined && { instanceId }),
    say: (line) => lines.push(line),
  });
  const answers = await play(stage);
  const kms = await createKmsClient({
    endpoint,
    env,
    connectTimeoutMs: 2000,
    readTimeoutMs: 5000,
    retryCount: 0,
  });
  const states = [];
  for (const { keyId } of await kms.listKeys()) states.push((await kms.describeKey(keyId)).keyState);
  expect(new Set(states)).toEqual(new Set(['PendingDeletion']));
  expect(await kms.listAliases()).toEqual([]);
  kms.close();
  // What it says that it costs.
  expect(states.length).toBeLessThanOrEqual(12);
  expect(stage.calls).toBeLessThanOrEqual(150);
  return { answers, lines };
}

describe('the script for the real service, rehearsed with the emulator', () => {
  it('asks every question, says what it costs first, and cleans up', async () => {
    const { answers, lines } = await rehearse('legacy');
    expect([...answers.keys()]).toEqual(QUESTIONS.map(({ question }) => question));
    expect([...answers.values()].filter((answer) => answer.startsWith('could not be asked'))).toEqual([]);
    expect(lines[0]).toContain('keys and 150 calls in your account');
    expect(lines.filter((line) => line.includes('NOT DELETED'))).toEqual([]);
    expect(answers.get('What may be done with a disabled key?')).toBe(
      'GetPublicKey: ok; AsymmetricEncrypt: 409 Rejected.Disabled: The request was rejected because the key state is Disabled.; ' +
        'AsymmetricDecrypt: 409 Rejected.Disabled: The request was rejected because the key state is Disabled.',
    );
  }, 90_000);

  it('works where keys have to live in an instance', async () => {
    const { answers } = await rehearse('instance');
    expect(answers.get('Does an asymmetric key have to live in an instance?')).toMatch(
      /^400 UnsupportedOperation/,
    );
  }, 90_000);
});
