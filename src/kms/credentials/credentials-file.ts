/** The SDKs' own credentials file, `~/.alibabacloud/credentials`: sections of `key = value` lines (INI). */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProfileCredentialsProvider } from '@alicloud/credentials';
import { errnoOf, KmsAsymError, systemReason } from '../../errors.js';
import { homeFolder } from './aliyun-config.js';
import type { CredentialProvider } from './credentials.js';
import { firstSet, profileVariable } from '../environment.js';
import { type Surroundings, vendorProvider } from './vendor-provider.js';

/** The section that the environment names, else `default`; `undefined` when there is no such section, or no file. */
export function credentialsFileProvider(surroundings: Surroundings): CredentialProvider | undefined {
  const { env } = surroundings;
  const given = firstSet(env, 'ALIBABA_CLOUD_CREDENTIALS_FILE');
  const path = given ?? join(homeFolder(env), '.alibabacloud', 'credentials');
  const name = profileVariable(env) ?? 'default';
  const section = parseSections(readText(path, given !== undefined) ?? '').get(name);
  if (section === undefined) return undefined;
  const factory = ProfileCredentialsProvider.builder().withProfileName(name).build();
  const build = () => factory.getCredentialsProvider({ [name]: section });
  return vendorProvider(`section "${name}" of the credentials file`, build, surroundings);
}

const MISSING: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR']);

function readText(path: string, isGiven: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isGiven && MISSING.has(errnoOf(error))) return undefined;
    throw new KmsAsymError('credentials', `the credentials file cannot be read: ${systemReason(error)}`, {
      hints: [`check "${path}"${isGiven ? ', or unset ALIBABA_CLOUD_CREDENTIALS_FILE' : ''}`],
    });
  }
}

function parseSections(text: string): ReadonlyMap<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    const heading = /^\[(.*)\]$/.exec(line)?.[1]?.trim();
    if (heading !== undefined) {
      current = {};
      sections.set(heading, current);
      continue;
    }
    const [, key, value] = /^([^#;=][^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (current !== undefined && key !== undefined && value !== undefined) {
      current[key] = value.replace(/^(["'])(.*)\1$/, '$2');
    }
  }
  return sections;
}
