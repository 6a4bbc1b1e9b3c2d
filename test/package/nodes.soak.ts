import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Installation, packAndInstall } from './install.js';
import { smoke } from './smoke.js';

describe('the packed package', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = packAndInstall();
  });
  afterAll(() => {
    installation.remove();
  });

  it.each([20, 22, 24, 26])('works on Node %i', (major) => {
    smoke(installation, ['npx', '-y', '-p', `node@${String(major)}`, 'node']);
  });
});
