import { expect, it } from 'vitest';
import { askOnce } from '../../src/cli/ask-once.js';
import type { KmsClient } from '../../src/kms/client.js';

it('a question that failed is asked again, and who asks again at once is not forgotten', async () => {
  const kms = {} as KmsClient;
  let asked = 0;
  const ask = (): Promise<number> => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error('no')) : Promise.resolve(asked);
  };
  const first = askOnce(kms, 'what?', ask);
  const again = first.catch(() => askOnce(kms, 'what?', ask));
  await expect(askOnce(kms, 'what?', ask)).rejects.toThrow('no');
  expect(await again).toBe(2);
  expect(await askOnce(kms, 'what?', ask)).toBe(2);
  expect(asked).toBe(2);
});
