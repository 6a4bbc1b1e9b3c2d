/** Values of the emulator's options that are small languages: times and lists of faults. */
import { InvalidArgumentError } from 'commander';
import type { FaultOptions } from '../emulator/gate/faults.js';

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/** A hundred years: beyond it, dates have years of other than four digits. */
const MAX_OFFSET_MS = 36_500 * UNIT_MS.d;

const SHARES = ['throttle', 'error500', 'error503', 'drop'] as const;

/** `90`, `-30m`, `+1d2h`: milliseconds. Throws `InvalidArgumentError`. */
export function offset(value: string): number {
  const [, sign = '', rest = ''] = /^([+-]?)(.+)$/.exec(value) ?? [];
  const ms = /^\d{1,10}(\.\d{1,3})?$/.test(rest) ? Number(rest) * 1000 : partsMs(rest);
  if (!(ms <= MAX_OFFSET_MS)) {
    throw new InvalidArgumentError('Expected seconds or a time like +1d2h, -30m or 90s, at most 36500d.');
  }
  return Math.round(sign === '-' ? -ms : ms);
}

function partsMs(text: string): number {
  if (!/^(?=.)(\d{1,6}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,9}s)?$/.test(text)) return Number.NaN;
  return [...text.matchAll(/\d+[dhms]/g)].reduce((sum, [part]) => {
    return sum + Number(part.slice(0, -1)) * UNIT_MS[part.slice(-1) as keyof typeof UNIT_MS];
  }, 0);
}

/** `throttle=0.2,error500=0.05,error503=0.05,drop=0.02,slow=200ms,seed=1`. Throws `InvalidArgumentError`. */
export function faults(value: string): FaultOptions {
  const options: Record<string, number> = {};
  for (const part of value.split(',')) {
    const [, name = '', text = ''] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    const [member, number] = fault(name, text);
    if (Object.hasOwn(options, member)) throw new InvalidArgumentError(`"${name}" is given twice.`);
    options[member] = number;
  }
  const sum = SHARES.reduce((total, name) => total + (options[name] ?? 0), 0);
  if (sum > 1 + 1e-9) throw new InvalidArgumentError('The shares are together more than 1.');
  return options;
}

function fault(name: string, text: string): [member: keyof FaultOptions, number: number] {
  const share = SHARES.find((candidate) => candidate === name);
  if (share !== undefined) return [share, within(text, /^\d(\.\d{1,9})?$/, 1, `${name} from 0 to 1`)];
  if (name === 'slow') return ['slowMs', delayMs(text)];
  if (name === 'seed') return ['seed', within(text, /^\d{1,10}$/, 2 ** 32 - 1, 'seed from 0 to 4294967295')];
  throw new InvalidArgumentError(
    'Expected throttle, error500, error503, drop, slow or seed, each with a value.',
  );
}

function delayMs(text: string): number {
  const [, digits = '', unit] = /^(.*?)(ms|s)$/.exec(text) ?? [];
  const factor = unit === 's' ? 1000 : 1;
  return (
    within(digits, /^\d{1,5}(\.\d{1,3})?$/, 60_000 / factor, 'slow like 200ms or 1.5s, at most 60s') * factor
  );
}

function within(text: string, shape: RegExp, max: number, expected: string): number {
  const number = shape.test(text) ? Number(text) : Number.NaN;
  if (!(number <= max)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return number;
}
