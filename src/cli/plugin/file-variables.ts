/**
 * Files that the environment names. Age clients start a plugin in a directory of their choice, often one that all users
 * of the machine may write to: there a relative path would find an authority or a token that somebody else put there.
 */
import path from 'node:path';
import { KmsAsymError, shellWord } from '../../errors.js';

const FILE_VARIABLE =
  /^(KMS_ASYM_(CA_FILE|PUBLIC_KEY)|(ALIBABA_CLOUD|ALIBABACLOUD|ALICLOUD)_(OIDC_TOKEN|CREDENTIALS)_FILE)$/;

/**
 * Refuses relative paths.
 *
 * @throws KmsAsymError `configuration`
 */
export function requireAbsoluteFiles(env: NodeJS.ProcessEnv): void {
  const relative = Object.entries(env).find(([name, value]) => {
    return FILE_VARIABLE.test(name) && value !== undefined && value !== '' && !path.isAbsolute(value);
  });
  if (!relative) return;
  const [name, value = ''] = relative;
  throw new KmsAsymError(
    'configuration',
    `${name} is "${value}", but age clients start the plugin in another directory`,
    { hints: [`give the whole path: ${name}="$PWD"/${shellWord(value)}`] },
  );
}
