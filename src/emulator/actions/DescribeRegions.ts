/** DescribeRegions (KMS API 2016-01-20): the one region that the emulator plays. */
import type { Action } from '../call/action.js';

/** Answers with the regions. */
export const DescribeRegions: Action = ({ account }) => ({
  Regions: { Region: [{ RegionId: account.region }] },
});
