/**
 * Hints for those who cannot pass flags: an age client starts the plugin, and settings come from the environment alone.
 */

/** A flag of `kms-asym`, and what stands for it here. */
const REPLACEMENTS: readonly (readonly [flag: RegExp, text: string])[] = [
  [/--region [\w-]+, (?=ALIBABA_CLOUD_REGION_ID=)/, ''],
  [/--region (?=[a-z]+-)/, 'ALIBABA_CLOUD_REGION_ID='],
  [/--region/, 'ALIBABA_CLOUD_REGION_ID'],
  [/--endpoint/, 'KMS_ASYM_ENDPOINT'],
  [/--ca-file or (?=KMS_ASYM_CA_FILE)/, ''],
  [/--ca-file FILE/, 'KMS_ASYM_CA_FILE=FILE'],
  [/--ca-file/, 'KMS_ASYM_CA_FILE'],
  [/has --key-version-id /, 'has version '],
];
/** A command to type may have flags of its own. */
const COMMAND = /\b(kms-asym|aliyun) [a-z]/;
const FLAG = /(^|\s)--[a-z]/;

/** The hints with variables in place of flags; without those that are about flags for which there is none. */
export function hintsWithoutFlags(hints: readonly string[]): string[] {
  return hints
    .map((hint) => {
      if (COMMAND.test(hint)) return hint;
      return REPLACEMENTS.reduce((text, [flag, replacement]) => text.replace(flag, replacement), hint);
    })
    .filter((hint) => COMMAND.test(hint) || !FLAG.test(hint));
}
