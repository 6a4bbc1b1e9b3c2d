/** The whole script: says what it costs, plays, and cleans up whatever happens. */
import { prepare, QUESTIONS } from './questions.js';
import { rotation, walkthrough } from './scenes.js';
import type { Stage } from './stage.js';

const COSTS = [
  'This makes about a dozen keys and 150 calls in your account. Keys are billed by their instance, or one by one where',
  'there is none, until they are gone: deletion is scheduled for the soonest day there is, seven days from now.',
  'It never creates, buys or changes an instance, and touches no key or alias that it has not made.',
];

/** The answers, by question. */
export async function play(stage: Stage): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  for (const line of COSTS) stage.say(line);
  try {
    await walkthrough(stage);
    stage.say('walkthrough: done');
    await rotation(stage);
    stage.say('rotation: done');
    const subject = await prepare(stage);
    for (const { question, ask } of QUESTIONS) {
      const answer = await ask(stage, subject).catch(
        (error: unknown) => `could not be asked: ${String(error)}`,
      );
      answers.set(question, answer);
      stage.say(`${question}\n  ${answer}`);
    }
  } finally {
    await stage.cleanUp();
    stage.say(`${stage.calls} calls beside those of the program itself`);
  }
  return answers;
}
