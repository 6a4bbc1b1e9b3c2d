import { expect, it } from 'vitest';
import { KmsAsymError } from '../../src/errors.js';
import { describeFailure } from '../../src/emulator/failure.js';

it.each<[string, unknown, string]>([
  [
    'its own errors in one line',
    new KmsAsymError('emulator', 'the token\nwas removed'),
    'the token was removed',
  ],
  ['foreign errors by name only', new RangeError('plaintext'), 'RangeError'],
  ['anything else not at all', 'plaintext', 'unknown'],
])('a failure is described: %s', (_title, error, line) => {
  expect(describeFailure(error)).toBe(line);
});
