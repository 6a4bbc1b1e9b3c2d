import { expect, it } from 'vitest';
import { similarRegion } from '../../src/kms/regions.js';

it.each([
  ['hangzhou', 'cn-hangzhou'],
  ['Singapore', undefined],
  ['cn-hangzou', 'cn-hangzhou'],
  ['cn-hangzhouu', 'cn-hangzhou'],
  ['cn-hanghzou', 'cn-hangzhou'],
  ['xcn-beijing', 'cn-beijing'],
  ['us-aest-1', 'us-west-1'],
  // One slip away is nearer than two, whatever comes first in the list.
  ['ap-southeast-4', 'ap-southeast-1'],
  ['cn-shanghai-finance-2', 'cn-shanghai-finance-1'],
  ['cn-nowhere', undefined],
  ['', undefined],
])('the region that "%s" was meant to be is %s', (typed, meant) => {
  expect(similarRegion(typed)).toBe(meant);
});
