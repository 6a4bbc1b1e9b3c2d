/** DescribeAccountKmsStatus (KMS API 2016-01-20). */
import type { Action } from '../call/action.js';

/** Answers that the account may use the service: an emulator's account is never in debt. */
export const DescribeAccountKmsStatus: Action = () => ({ AccountStatus: 'Enabled' });
