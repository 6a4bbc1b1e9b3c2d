/**
 * The configuration of the aliyun CLI, `~/.aliyun/config.json`: which profile is meant and what it says (aliyun-cli,
 * `config/configuration.go` and `config/profile.go`).
 *
 * Invariant: the file holds secrets, so no error repeats anything of it but the names of profiles and modes.
 */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, KmsAsymError, systemReason } from '../../errors.js';
import { firstSet, isOn, profileVariable } from '../environment.js';

const MAX_FILE_BYTES = 1024 * 1024;
/** Variables that turn profiles off: the CLI's and the SDK's. */
const OFF_SWITCHES = ['ALIBABA_CLOUD_IGNORE_PROFILE', 'ALIBABA_CLOUD_CLI_PROFILE_DISABLED'];

/** One profile; `fields` are those of the file, unchecked. */
export interface AliyunProfile {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether somebody asked for this profile, or it is just the current one. */
  readonly isChosen: boolean;
  /** Every profile of the file, for those that build upon others. */
  readonly all: readonly Readonly<Record<string, unknown>>[];
}

/** A text field of a profile; empty counts as missing. */
export function profileField(profile: AliyunProfile, name: string): string | undefined {
  const value = profile.fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The home folder of `env`, as programs in every language find it. */
export function homeFolder(env: NodeJS.ProcessEnv): string {
  // An empty one would make the working directory the home.
  return firstSet(env, process.platform === 'win32' ? 'USERPROFILE' : 'HOME') ?? homedir();
}

/** True where the environment turns profiles off. */
export function areProfilesOff(env: NodeJS.ProcessEnv): boolean {
  return offSwitch(env) !== undefined;
}

/**
 * The profile named by `wanted`, else by the environment, else the current one; `undefined` when there are none, or not
 * the environment's, which may be in the SDKs' own file.
 *
 * @throws KmsAsymError `credentials` for a wanted or current profile that is not there or turned off, and for a broken file
 */
export function readAliyunProfile(
  wanted: string | undefined,
  env: NodeJS.ProcessEnv,
): AliyunProfile | undefined {
  const off = offSwitch(env);
  if (off !== undefined) {
    if (wanted === undefined) return undefined;
    throw unusable(`profile "${wanted}" cannot be used`, `unset ${off}`);
  }
  const chosen = wanted ?? profileVariable(env);
  const config = readConfig(join(homeFolder(env), '.aliyun', 'config.json'));
  const name = chosen ?? config?.current;
  const fields = config?.profiles.find((profile) => profile['name'] === name);
  if (config !== undefined && fields !== undefined && name !== undefined) {
    return { name, fields, isChosen: chosen !== undefined, all: config.profiles };
  }
  const names = namesOf(config?.profiles ?? []);
  if (wanted !== undefined) {
    throw new KmsAsymError('credentials', `the aliyun CLI has no profile "${wanted}"`, {
      hints: [
        names.length === 0 ? 'it has none at all' : `it has: ${names.join(', ')}`,
        `"aliyun configure --profile ${wanted}" makes it`,
      ],
    });
  }
  if (chosen !== undefined || names.length === 0) return undefined;
  throw new KmsAsymError('credentials', 'the current profile of the aliyun CLI is none that it has', {
    hints: [
      `it has: ${names.join(', ')}`,
      '--profile NAME takes one, "aliyun configure switch --profile NAME" for good',
    ],
  });
}

function offSwitch(env: NodeJS.ProcessEnv): string | undefined {
  return OFF_SWITCHES.find((name) => isOn(env[name]));
}

interface AliyunConfig {
  readonly current: string | undefined;
  readonly profiles: readonly Readonly<Record<string, unknown>>[];
}

function readConfig(path: string): AliyunConfig | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  const config = parseObject(text);
  const profiles: unknown = config?.['profiles'];
  if (config === undefined || !Array.isArray(profiles)) {
    throw unusable(
      'the aliyun CLI configuration is not valid JSON of its shape',
      `repair "${path}", or move it away and run "aliyun configure"`,
    );
  }
  const current = config['current'];
  return { current: typeof current === 'string' ? current : undefined, profiles: profiles.filter(isObject) };
}

function readText(path: string): string | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      if (fstatSync(descriptor).size > MAX_FILE_BYTES) throw new Error('too large');
      // Editors of Windows put a byte order mark in front, which JSON does not allow.
      return readFileSync(descriptor, 'utf8').replace(/^\ufeff/, '');
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unusable(
      `the aliyun CLI configuration cannot be read: ${code ? systemReason(error) : 'it is too large'}`,
      `check the permissions of "${path}"`,
    );
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // The parser's own message quotes the file.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namesOf(profiles: readonly Readonly<Record<string, unknown>>[]): string[] {
  return profiles.map((profile) => profile['name']).filter((name) => typeof name === 'string');
}

function unusable(message: string, hint: string): KmsAsymError {
  return new KmsAsymError('credentials', message, { hints: [hint] });
}
