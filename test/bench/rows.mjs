/**
 * A row of figures is `{ name, value, unit, ratio?, ratios?, yardstick?, limit?, least?, most?, note? }`: `ratio` is over the
 * yardstick, that of each batch in `ratios`; `limit` is the most and `least` the least that it may be, `most` the most that
 * `value` may be.
 */

/** Whether a row has something to keep; the others are yardsticks, or for a person to look at. */
export function isJudged({ limit, least, most }) {
  return [limit, least, most].some((bound) => bound !== undefined);
}

/** Whether a row breaks what it must keep. */
export function isMissed({ value, ratio = 1, limit = Infinity, least = 0, most = Infinity }) {
  return !(ratio <= limit && ratio >= least && value <= most);
}

/** What a judged row must keep, in words. */
export function boundOf({ limit, least, most, unit }) {
  if (most !== undefined) return `at most ${most} ${unit}`;
  return limit === undefined ? `at least ${ratioText(least)}` : `at most ${ratioText(limit)}`;
}

/** Small shares need more decimals. */
export function ratioText(ratio) {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}
