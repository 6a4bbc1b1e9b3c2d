/** The options of `emulator`, from words of the command line to what starts one. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { KmsAsymError, shellWord } from '../errors.js';
import type { EmulatorOptions } from '../emulator/options.js';
import { SERVICE_MODES, type ServiceMode } from '../emulator/service-mode.js';
import { readSmallFile } from '../io/input.js';
import { isRegionId } from '../kms/endpoint.js';
import { readAccessKeys } from './access-key-option.js';
import { faults, offset } from './emulator-values.js';
import { collect, port, text, type GlobalOptions } from './options.js';

const MAX_PEM_BYTES = 1024 * 1024;
const MAX_SEED_BYTES = 16 * 1024 * 1024;

/** Parsed values of {@link addEmulatorOptions}. */
export interface EmulatorFlags extends GlobalOptions {
  readonly port?: number;
  readonly hsm: string;
  readonly serviceMode: ServiceMode;
  readonly state?: string;
  readonly seed?: string;
  readonly tls?: boolean;
  readonly cert?: string;
  readonly key?: string;
  /** Not parsed yet: an error of commander would repeat the secret. */
  readonly accessKey?: readonly string[];
  readonly deny?: readonly string[];
  readonly clockOffset?: number;
  readonly qps?: number;
  readonly fault?: EmulatorOptions['faults'];
}

/** Adds the options of the subcommand. */
export function addEmulatorOptions(command: Command): Command {
  const options = [
    new Option('--port <n>', 'port on 127.0.0.1; default is a free one').argParser(port),
    new Option('--hsm <where>', 'where keys live: auto, softhsm, software, or a pkcs11: URI')
      .argParser(text)
      .default('auto'),
    new Option('--state <dir>', 'keep keys and aliases in this directory; default is in memory').argParser(
      text,
    ),
    new Option('--seed <file>', 'make the keys that this JSON file describes, with their ids').argParser(
      text,
    ),
    new Option('--service-mode <mode>', 'which contract of the service to keep')
      .choices(SERVICE_MODES)
      .default(SERVICE_MODES[0]),
    new Option('--tls', 'HTTPS, with a private authority and a certificate made on the spot'),
    new Option('--cert <file>', 'HTTPS with this certificate (PEM)').argParser(text),
    new Option('--key <file>', 'private key of --cert (PEM)').argParser(text),
    new Option(
      '--access-key <id:secret[:sts[:expiry]]>',
      'accept these credentials; or @FILE; repeatable',
    ).argParser(collect),
    new Option('--deny <action[:key]>', 'answer 403 to this action; repeatable').argParser(collect),
    new Option('--clock-offset <time>', 'shift the clock: seconds, or like +1d2h, -30m').argParser(offset),
    new Option('--qps <n>', 'calls per second, then 429').argParser(callsPerSecond),
    new Option(
      '--fault <list>',
      'trouble: throttle=0.2,error500=0.05,error503=0.05,drop=0.02,slow=200ms,seed=1',
    ).argParser(faults),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/**
 * What starts the emulator that the flags describe.
 *
 * @param region - the region it plays, if one was chosen
 * @throws KmsAsymError without repeating a secret
 */
export function emulatorOptions(flags: EmulatorFlags, region: string | undefined): EmulatorOptions {
  if (region !== undefined && !isRegionId(region)) {
    throw new KmsAsymError('usage', `"${region}" is not a region id`, {
      hints: ['region ids look like "cn-hangzhou" or "ap-southeast-1"'],
    });
  }
  const { clockOffset, qps, fault, accessKey, deny, state, seed } = flags;
  const tls = tlsOption(flags);
  return {
    hsm: flags.hsm,
    serviceMode: flags.serviceMode,
    ...(state !== undefined && { stateDir: state }),
    ...(seed !== undefined && { seed: readSeed(seed) }),
    ...(flags.port !== undefined && { port: flags.port }),
    ...(region !== undefined && { region }),
    ...(tls !== undefined && { tls }),
    ...(accessKey && { accessKeys: accessKey.flatMap(readAccessKeys) }),
    ...(deny && { deny: deny.map(denial) }),
    ...(clockOffset !== undefined && { clock: () => Date.now() + clockOffset }),
    ...(qps !== undefined && { qps }),
    ...(fault && { faults: fault }),
  };
}

function tlsOption({ tls, cert, key }: EmulatorFlags): EmulatorOptions['tls'] {
  if (cert === undefined && key === undefined) return tls;
  if (cert === undefined || key === undefined) {
    throw new KmsAsymError('usage', '--cert and --key go together', {
      hints: ['--cert FILE --key FILE, or --tls alone for a certificate made on the spot'],
    });
  }
  const read = (file: string, what: string): string =>
    readSmallFile(file, MAX_PEM_BYTES, what).toString('utf8');
  return { certPem: read(cert, 'certificate'), keyPem: read(key, 'private key') };
}

/** What the members mean is for the emulator to judge. */
function readSeed(file: string): unknown {
  try {
    return JSON.parse(readSmallFile(file, MAX_SEED_BYTES, 'seed').toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof KmsAsymError) throw error;
    // The parser's own message quotes the file, which may hold private keys.
    throw new KmsAsymError('configuration', `the seed "${file}" is not valid JSON`, {
      hints: [`python3 -m json.tool ${shellWord(file)} tells where`],
    });
  }
}

/** An ARN behind the action has colons of its own. */
function denial(value: string): NonNullable<EmulatorOptions['deny']>[number] {
  const [action = '', ...rest] = value.split(':');
  const keyId = rest.join(':');
  if (action === '' || (rest.length > 0 && keyId === '')) {
    throw new KmsAsymError('usage', `--deny "${value}" names no action or no key`, {
      hints: ['--deny AsymmetricDecrypt', '--deny AsymmetricDecrypt:alias/backup'],
    });
  }
  return rest.length === 0 ? { action } : { action, keyId };
}

function callsPerSecond(value: string): number {
  const number = Number(value);
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(value) || number === 0) {
    throw new InvalidArgumentError('Expected a number more than 0.');
  }
  return number;
}
