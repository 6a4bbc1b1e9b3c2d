/** Options that every subcommand takes, and the parsers of option values. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { SERVICE_DEFAULTS, type ServiceOptions } from './settings.js';

/** Parsed values of {@link addGlobalOptions}. */
export interface GlobalOptions extends ServiceOptions {
  readonly json?: boolean;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** The key that a subcommand works with. */
export function keyIdOption(): Option {
  return new Option('--key-id <id>', 'key id or alias/… (env: KMS_ASYM_KEY_ID)').argParser(text);
}

/** Its version, which the service is asked for when nobody names one. */
export function newestVersionOption(): Option {
  return new Option(
    '--key-version-id <id>',
    'key version (env: KMS_ASYM_KEY_VERSION_ID); else the newest',
  ).argParser(text);
}

/** Adds the options that work with every subcommand, before or after its name. */
export function addGlobalOptions(program: Command): void {
  const { connectTimeout, readTimeout, timeout, retryCount } = SERVICE_DEFAULTS;
  const service = [
    new Option('--region <id>', 'region, for example cn-hangzhou (env: ALIBABA_CLOUD_REGION_ID)').argParser(
      text,
    ),
    new Option('--vpc', "the region's endpoint inside its VPC"),
    new Option('--endpoint <host>', "endpoint in place of the region's (env: KMS_ASYM_ENDPOINT)").argParser(
      text,
    ),
    new Option(
      '--ca-file <file>',
      'PEM of an additional authority to trust (env: KMS_ASYM_CA_FILE)',
    ).argParser(text),
    new Option(
      '--profile <name>',
      'profile of the aliyun CLI: its credentials, its region (env: ALIBABA_CLOUD_PROFILE)',
    ).argParser(text),
    new Option('--connect-timeout <seconds>', 'time for a connection to stand')
      .argParser(seconds)
      .default(connectTimeout),
    new Option('--read-timeout <seconds>', 'time for a whole answer').argParser(seconds).default(readTimeout),
    new Option('--timeout <seconds>', 'time for a call with all its repetitions')
      .argParser(seconds)
      .default(timeout),
    new Option('--retry-count <n>', 'how often a throttled or unreachable call is tried again')
      .argParser(count)
      .default(retryCount),
  ];
  for (const option of service) program.addOption(option);
  program
    .option('--json', 'one JSON object on stdout, errors as JSON on stderr')
    .option('--force', 'replace an existing output file')
    .option('-q, --quiet', 'say only what went wrong')
    .option('-v, --verbose', 'say more');
}

/** Any value but an empty one: an unset variable in a script must not pass for a choice. */
export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.');
  return value;
}

/** Appends to the values a repeatable option already has. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text(value)];
}

/** A TCP port; 0 lets the system choose. */
export function port(value: string): number {
  return integer(value, 65_535, 'a port from 0 to 65535');
}

function seconds(value: string): number {
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || number === 0 || number > 86_400) {
    throw new InvalidArgumentError('Expected seconds, more than 0 and at most 86400.');
  }
  return number;
}

function count(value: string): number {
  return integer(value, 100, 'a number from 0 to 100');
}

function integer(value: string, max: number, expected: string): number {
  if (!/^\d{1,6}$/.test(value) || Number(value) > max)
    throw new InvalidArgumentError(`Expected ${expected}.`);
  return Number(value);
}
