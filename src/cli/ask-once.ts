/** Questions to the service whose answer many files of a run need: each is asked once. */
import type { KmsClient } from '../kms/client.js';

const answers = new WeakMap<KmsClient, Map<string, Promise<unknown>>>();

/**
 * The answer that `ask` gets, or has got through this client before. A failure is not kept: the next one asks again.
 *
 * @param question - tells questions apart; one of the same text must have the same type of answer
 */
export function askOnce<T>(kms: KmsClient, question: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(kms) ?? new Map<string, Promise<unknown>>();
  answers.set(kms, known);
  const answer = (known.get(question) as Promise<T> | undefined) ?? ask();
  known.set(question, answer);
  answer.catch(() => {
    if (known.get(question) === answer) known.delete(question);
  });
  return answer;
}
