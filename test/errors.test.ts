import { constants } from 'node:os';
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  errnoOf,
  KmsAsymError,
  reworded,
  serviceCodeOf,
  shellWord,
  systemFailure,
  systemReason,
} from '../src/errors.js';

const SERVICE = { code: 'Rejected.Disabled', httpStatus: 409, requestId: 'r-1', action: 'AsymmetricDecrypt' };

describe('an error in other words', () => {
  const error = new KmsAsymError('service-refused', 'no', { hints: ['try again'], service: SERVICE });

  it('keeps what is not said anew, and the first one as its cause', () => {
    expect(reworded(error, ({ message }) => ({ message: `not today: ${message}` }))).toMatchObject({
      code: 'service-refused',
      message: 'not today: no',
      hints: ['try again'],
      service: SERVICE,
      cause: error,
    });
  });

  it('may have another code and other hints', () => {
    expect(reworded(error, ({ hints }) => ({ code: 'usage', hints: [...hints, 'or not'] }))).toMatchObject({
      code: 'usage',
      message: 'no',
      hints: ['try again', 'or not'],
    });
  });

  it('is not made of a bug, which stays what it is', () => {
    const bug = new TypeError('undefined is not a function');
    expect(reworded(bug, () => ({ message: 'all is well' }))).toBe(bug);
  });
});

it.each([
  ['backups/2026.age', 'backups/2026.age'],
  ['', "''"],
  ['my file', "'my file'"],
  ["it's $(date)", String.raw`'it'\''s $(date)'`],
])('"%s" is one word of a shell as %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
  expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
});

it.each([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('x'), { code: 7 }), undefined],
  [Object.assign(new Error('x'), { code: 'UNKNOWN', errno: -constants.errno.EDQUOT }), 'EDQUOT'],
  [Object.assign(new Error('x'), { code: 'UNKNOWN', errno: -4094 }), 'UNKNOWN'],
  [new Error('x'), undefined],
  ['ENOENT', undefined],
  [null, undefined],
])('the system has a name for an error, or none: %o', (error, errno) => {
  expect(errnoOf(error)).toBe(errno);
});

it.each([
  ['ENOSPC', 'no space left on the device', 1],
  ['ENOENT', 'it does not exist', 0],
  ['EXDEV', 'EXDEV', 0],
  [undefined, 'unknown reason', 0],
])('%s of a file is told as "%s"', (code, reason, hints) => {
  const error = Object.assign(new Error('x'), { code });
  expect(systemReason(error)).toBe(reason);
  const failure = systemFailure('read-failed', 'cannot read it', error);
  expect(failure).toMatchObject({ code: 'read-failed', message: `cannot read it: ${reason}`, cause: error });
  expect(failure.hints).toHaveLength(hints);
});

it.each([
  [new KmsAsymError('service-refused', 'x', { service: SERVICE }), 'Rejected.Disabled'],
  [new KmsAsymError('network', 'x'), undefined],
  [Object.assign(new Error('x'), { service: SERVICE }), undefined],
])('the service has a code for an error of its own alone: %o', (error, code) => {
  expect(serviceCodeOf(error)).toBe(code);
});
