/**
 * The real service: `npm run test:cloud`, with credentials of your own, ALIBABA_CLOUD_REGION_ID, and
 * KMS_ASYM_TEST_INSTANCE_ID (`kst-…`) where the account needs keys to live in a KMS instance.
 *
 * What it costs stands in `play.ts`, and is printed before anything is done.
 */
import { expect, it } from 'vitest';
import { chooseRegion } from '../../src/cli/settings.js';
import { play } from './play.js';
import { Stage } from './stage.js';

it('the walkthrough, rotation, and what the documentation leaves open', async () => {
  const { env } = process;
  const region = chooseRegion({}, env);
  if (region === undefined)
    throw new Error('say where: ALIBABA_CLOUD_REGION_ID=cn-hangzhou npm run test:cloud');
  const instanceId = env['KMS_ASYM_TEST_INSTANCE_ID'];
  const endpoint = env['KMS_ASYM_ENDPOINT'];
  const answers = await play(
    new Stage({
      env,
      region,
      ...(endpoint !== undefined && { endpoint }),
      ...(instanceId !== undefined && { instanceId }),
      say: (line) => process.stdout.write(`${line}\n`),
    }),
  );
  expect([...answers.values()].filter((answer) => answer.startsWith('could not be asked'))).toEqual([]);
});
