import { expect, it } from 'vitest';
import { NonceWindow } from '../../../src/emulator/signature/nonce-window.js';

it('forgets nonces when they expire, so memory stays bounded', () => {
  const window = new NonceWindow();
  for (let second = 0; second < 10_000; second++) {
    expect(window.burn('key', `nonce-${second}`, second * 1000, second * 1000 + 900_000)).toBe(true);
    expect(window.size).toBeLessThanOrEqual(900 + 61);
  }
});

it('keeps the nonces of each access key apart', () => {
  const window = new NonceWindow();
  expect(window.burn('a', 'b\nc', 0, 10)).toBe(true);
  expect(window.burn('a', 'b\nc', 10, 20)).toBe(false);
  expect(window.burn('b', 'b\nc', 10, 20)).toBe(true);
  expect(window.burn('a', 'b\nc', 11, 20)).toBe(true);
});

it('remembers a hundred thousand nonces at once, and forgets them', () => {
  const window = new NonceWindow();
  for (let index = 0; index < 100_000; index++) expect(window.burn('a', String(index), 0, 1)).toBe(true);
  expect(window.size).toBe(100_000);
  for (let index = 0; index < 100_000; index++) expect(window.burn('a', String(index), 1, 2)).toBe(false);
  expect(window.burn('a', '7', 60_000, 60_001)).toBe(true);
  expect(window.size).toBe(1);
});
