/** Variables of the environment; empty counts as unset. The aliyun CLI reads its own under three prefixes. */

const PREFIXES = ['ALIBABA_CLOUD_', 'ALIBABACLOUD_', 'ALICLOUD_'] as const;

/** The value of the first of `names` that is set. */
export function firstSet(env: NodeJS.ProcessEnv, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}

/** The value of `ALIBABA_CLOUD_<name>`, else of its older spellings. */
export function aliyunVariable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return firstSet(env, ...PREFIXES.map((prefix) => prefix + name));
}

/** The profile that the environment names; its spellings have an order of their own. */
export function profileVariable(env: NodeJS.ProcessEnv): string | undefined {
  return firstSet(env, 'ALIBABACLOUD_PROFILE', 'ALIBABA_CLOUD_PROFILE', 'ALICLOUD_PROFILE');
}

/** An access key and what belongs to it, all of one prefix. */
export interface AccessKeyVariables {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** The access key of the environment: of the first prefix that has both id and secret. */
export function accessKeyVariables(env: NodeJS.ProcessEnv): AccessKeyVariables | undefined {
  for (const prefix of PREFIXES) {
    const accessKeyId = env[`${prefix}ACCESS_KEY_ID`];
    const accessKeySecret = env[`${prefix}ACCESS_KEY_SECRET`];
    if (!accessKeyId || !accessKeySecret) continue;
    const securityToken = env[`${prefix}SECURITY_TOKEN`];
    return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) };
  }
  return undefined;
}

/** True for a switch that is on, in any case: `true` or `1`. */
export function isOn(value: string | undefined): boolean {
  return /^(true|1)$/i.test(value ?? '');
}
