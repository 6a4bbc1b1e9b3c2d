/** One action of the service, from the vendor's request model to its response model. */
import { cast, type Model } from '@alicloud/tea-typescript';
import { CallError } from './call-error.js';
import { Fields } from './fields.js';
import { type RetryOptions, withRetry } from './retry.js';
import type { KmsTransport } from './transport.js';

/**
 * Carries out an action, with retries.
 *
 * @param response - an empty model of the answer, which is filled and returned; nobody has checked its members
 * @throws CallError whose facts say `mayHaveActed` also when that was an earlier attempt
 */
export type Call = <T extends Model>(action: string, request: Model, response: T) => Promise<T>;

/** Actions that make something new each time: they are not sent again once they may have been carried out. */
const NOT_REPEATABLE: ReadonlySet<string> = new Set(['CreateKey', 'CreateKeyVersion']);

/** Calls through one transport. */
export function callThrough(transport: KmsTransport, retry: RetryOptions): Call {
  return (action, request, response) => {
    let mayHaveActed = false;
    const attempt = async (signal: AbortSignal): Promise<typeof response> => {
      try {
        const { body } = await transport.invoke(action, request.toMap(), signal);
        return castTo(response, action, body);
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        mayHaveActed ||= error.facts.mayHaveActed;
        throw mayHaveActed ? error.withFacts({ mayHaveActed }) : error;
      }
    };
    return withRetry({ action, repeatable: !NOT_REPEATABLE.has(action), attempt }, retry);
  };
}

function castTo<T extends Model>(response: T, action: string, body: object): T {
  try {
    return cast(body, response);
  } catch {
    throw new Fields(action).invalid('shape');
  }
}
