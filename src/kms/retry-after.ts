/** How long the service wants to be left alone, from the headers of its answer. */

import type { IncomingHttpHeaders } from 'node:http';

/**
 * The wait in milliseconds: `x-acs-retry-after` is in milliseconds (the vendor's SDKs), `Retry-After` in seconds or
 * a date (RFC 9110, section 10.2.3). `undefined` when neither is there and legible.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number = Date.now()): number | undefined {
  const vendor = headers['x-acs-retry-after'];
  if (typeof vendor === 'string' && isCount(vendor)) return Number(vendor);
  const standard = headers['retry-after'];
  if (standard === undefined) return undefined;
  if (isCount(standard)) return Number(standard) * 1000;
  const date = Date.parse(standard);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function isCount(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
