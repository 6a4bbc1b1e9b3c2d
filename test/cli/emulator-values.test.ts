import { describe, expect, it } from 'vitest';
import { faults, offset } from '../../src/cli/emulator-values.js';

const invalid = (message: RegExp) =>
  expect.objectContaining({
    code: 'commander.invalidArgument',
    message: expect.stringMatching(message) as string,
  }) as Error;

describe('a clock offset', () => {
  it.each([
    ['90', 90_000],
    ['-90', -90_000],
    ['+1.5', 1500],
    ['0', 0],
    ['30m', 1_800_000],
    ['-1d2h', -93_600_000],
    ['+1d2h3m4s', 93_784_000],
    ['36500d', 3_153_600_000_000],
  ])('%s is %d ms', (value, ms) => expect(offset(value)).toBe(ms));

  it.each(['', '+', '-', '1x', '2h1d', '1d 2h', '--1', '1e3', '36501d', '0x10', '9999999999999'])(
    '"%s" is none',
    (value) => expect(() => offset(value)).toThrow(invalid(/^Expected seconds or a time like/)),
  );
});

describe('a list of faults', () => {
  it.each([
    ['throttle=0.2', { throttle: 0.2 }],
    [
      'throttle=0.2,error500=0.05,error503=0.05,drop=0.02,slow=200ms,seed=7',
      { throttle: 0.2, error500: 0.05, error503: 0.05, drop: 0.02, slowMs: 200, seed: 7 },
    ],
    ['drop=1', { drop: 1 }],
    [
      'throttle=0.7,error500=0.1,error503=0.1,drop=0.1',
      { throttle: 0.7, error500: 0.1, error503: 0.1, drop: 0.1 },
    ],
    ['slow=1.5s', { slowMs: 1500 }],
    ['slow=60s', { slowMs: 60_000 }],
    ['seed=4294967295', { seed: 4_294_967_295 }],
  ])('%s', (value, options) => expect(faults(value)).toEqual(options));

  it.each([
    ['', /^Expected throttle, error500/],
    ['throttle', /^Expected throttle, error500/],
    ['throttle=', /^Expected throttle from 0 to 1/],
    ['throttle=0.1,', /^Expected throttle, error500/],
    ['Throttle=0.1', /^Expected throttle, error500/],
    ['toString=1', /^Expected throttle, error500/],
    ['throttle=1.1', /^Expected throttle from 0 to 1/],
    ['throttle=-0.1', /^Expected throttle from 0 to 1/],
    ['error500=20%', /^Expected error500 from 0 to 1/],
    ['error503=.5', /^Expected error503 from 0 to 1/],
    ['drop=1e-3', /^Expected drop from 0 to 1/],
    ['throttle=0.1,throttle=0.2', /^"throttle" is given twice/],
    ['throttle=0.6,drop=0.6', /together more than 1/],
    ['slow=200', /^Expected slow like 200ms/],
    ['slow=61s', /^Expected slow like 200ms/],
    ['slow=60001ms', /^Expected slow like 200ms/],
    ['seed=4294967296', /^Expected seed from 0/],
    ['seed=-1', /^Expected seed from 0/],
  ])('"%s" is refused', (value, message) => expect(() => faults(value)).toThrow(invalid(message)));
});
