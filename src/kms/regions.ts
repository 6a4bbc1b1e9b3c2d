/** The regions that this program knows. */

/** Regions of the service's public endpoint list; other well-formed ids follow the same host rule. */
export const KNOWN_REGIONS: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'cn-beijing',
  'cn-beijing-finance-1',
  'cn-chengdu',
  'cn-fuzhou',
  'cn-guangzhou',
  'cn-hangzhou',
  'cn-hangzhou-finance',
  'cn-heyuan',
  'cn-heyuan-acdr-1',
  'cn-hongkong',
  'cn-huhehaote',
  'cn-qingdao',
  'cn-shanghai',
  'cn-shanghai-finance-1',
  'cn-shenzhen',
  'cn-shenzhen-finance-1',
  'cn-wuhan-lr',
  'cn-wulanchabu',
  'cn-zhangjiakou',
  'cn-zhengzhou-jva',
  'eu-central-1',
  'eu-west-1',
  'me-central-1',
  'me-east-1',
  'na-south-1',
  'us-east-1',
  'us-west-1',
];

/** True when `region` stands in {@link KNOWN_REGIONS}. */
export function isKnownRegion(region: string): boolean {
  return KNOWN_REGIONS.includes(region);
}

/** The known region that `region` was most likely meant to be: a city without its country, or one or two slips away. */
export function similarRegion(region: string): string | undefined {
  const whole = KNOWN_REGIONS.find((known) => known.endsWith(`-${region.toLowerCase()}`));
  if (whole !== undefined) return whole;
  return [1, 2].flatMap((slips) => KNOWN_REGIONS.filter((known) => isNear(region, known, slips)))[0];
}

/** Whether `slips` insertions, removals and replacements at most make one word of the other (Levenshtein). */
function isNear(one: string, other: string, slips: number): boolean {
  if (one === other) return true;
  const [rest, otherRest] = [one.slice(1), other.slice(1)];
  if (one !== '' && other.startsWith(one.slice(0, 1))) return isNear(rest, otherRest, slips);
  return (
    slips > 0 &&
    (isNear(rest, otherRest, slips - 1) ||
      isNear(rest, other, slips - 1) ||
      isNear(one, otherRest, slips - 1))
  );
}
