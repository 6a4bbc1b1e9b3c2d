/** The SDKs' own credentials file, `~/.alibabacloud/credentials`: sections of `key = value` lines (INI). */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CredentialsProvider, ProfileCredentialsProvider } from '@alicloud/credentials';
import { errnoOf, KmsAsymError, systemReason } from '../../errors.js';
import type { HttpChannel } from '../http.js';
import { homeFolder } from './aliyun-config.js';
import type { CredentialProvider } from './credentials.js';
import { metadataFetch } from './instance-role.js';
import { explainProviderError } from './provider-error.js';
import { firstSet, profileVariable } from '../environment.js';
import { vendorProvider } from './vendor-provider.js';

/** The section that the environment names, else `default`; `undefined` when there is no such section, or no file. */
export function credentialsFileProvider(
  env: NodeJS.ProcessEnv,
  channel: HttpChannel,
): CredentialProvider | undefined {
  const given = firstSet(env, 'ALIBABA_CLOUD_CREDENTIALS_FILE');
  const path = given ?? join(homeFolder(env), '.alibabacloud', 'credentials');
  const name = profileVariable(env) ?? 'default';
  const section = parseSections(readText(path, given !== undefined) ?? '').get(name);
  if (section === undefined) return undefined;
  const title = `section "${name}" of the credentials file`;
  let vendor: CredentialsProvider;
  try {
    vendor = ProfileCredentialsProvider.builder()
      .withProfileName(name)
      .build()
      .getCredentialsProvider({ [name]: section });
  } catch (error) {
    throw explainProviderError(title, error);
  }
  return vendorProvider(title, vendor, channel, section['type'] === 'ecs_ram_role' ? metadataFetch() : {});
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
