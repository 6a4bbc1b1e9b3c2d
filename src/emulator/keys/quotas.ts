/** How much of everything an account may have: the limits of the KMS documentation, in one table. */
import type { ServiceMode } from '../service-mode.js';

/** Upper bounds. */
export interface Quotas {
  readonly keys: number;
  readonly aliases: number;
}

/** Documented for accounts without KMS instances; an instance has what was paid for, so nothing is refused there. */
export const QUOTAS: Record<ServiceMode, Quotas> = {
  legacy: { keys: 200, aliases: 300 },
  instance: { keys: Infinity, aliases: Infinity },
};

/** Versions of one key. */
export const MAX_VERSIONS = 50;

/** How old the newest version of a key has to be before it may get another, in days. */
export const MIN_VERSION_AGE_DAYS = 7;

/** Tags of one key. Pages differ: 20 (CreateKey) and 10 (TagResource); a key made with 20 has to stay changeable. */
export const MAX_TAGS = 20;

/** Filters of one ListKeys, and values of one filter. */
export const MAX_FILTERS = 10;

/** Characters of a description. */
export const MAX_DESCRIPTION = 8192;

/** PendingWindowInDays of ScheduleKeyDeletion; it has no default. */
export const DELETION_WINDOW_DAYS = { min: 7, max: 366 } as const;

/** A day in milliseconds. */
export const DAY_MS = 24 * 60 * 60 * 1000;
