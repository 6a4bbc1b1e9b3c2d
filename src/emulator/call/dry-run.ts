/**
 * The DryRun parameter: the call is worked out and its result thrown away, because such a call always fails. The
 * names of the codes are documented; their status and messages are not, so both are this emulator's.
 */
import type { Action } from './action.js';
import { Refusal } from '../refusal.js';

/** The action with DryRun: `DryRunOperationError` for what would have worked, `ValidationError` for the rest. */
export function withDryRun(action: Action): Action {
  return async (call) => {
    if (!call.parameters.boolean('DryRun')) return action(call);
    try {
      await action(call);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal('ValidationError', `The request would have failed: ${error.code}: ${error.message}`);
    }
    throw new Refusal('DryRunOperationError');
  };
}
