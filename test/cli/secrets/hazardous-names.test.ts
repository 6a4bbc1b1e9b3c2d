import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isHazardous } from '../../../src/cli/secrets/hazardous-names.js';

describe('variables', () => {
  it.each([
    ...[
      'PATH',
      'Path',
      'HOME',
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'LD_AUDIT',
      'DYLD_INSERT_LIBRARIES',
      'BASH_ENV',
    ],
    ...[
      'NODE_OPTIONS',
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'npm_config_script_shell',
      'PYTHONPATH',
      'PYTHONWARNINGS',
    ],
    ...[
      'PERL5OPT',
      'RUBYOPT',
      'JAVA_TOOL_OPTIONS',
      'GIT_SSH_COMMAND',
      'GIT_CONFIG_COUNT',
      'https_proxy',
      'IFS',
    ],
    ...[
      'HTTPS_PROXY',
      'SSL_CERT_FILE',
      'SSLKEYLOGFILE',
      'KMS_ASYM_ENDPOINT',
      'ALIBABA_CLOUD_CREDENTIALS_URI',
    ],
    ...[
      'DOTNET_STARTUP_HOOKS',
      'KUBECONFIG',
      'DOCKER_HOST',
      'GOPROXY',
      'RUSTC_WRAPPER',
      'AWS_ENDPOINT_URL_S3',
    ],
  ])('like %s are refused', (name) => {
    expect(isHazardous(name)).toBe(true);
  });

  it.each([
    ...[
      'DB_PASSWORD',
      'DATABASE_URL',
      'TOKEN',
      'API_KEY',
      'ENV',
      'NODE_ENV',
      'PORT',
      'DEBUG',
      'PATHS',
      'XPATH',
    ],
    ...['GITHUB_TOKEN', 'GIT_TOKEN', 'GH_TOKEN', 'NPM_TOKEN', 'YARN_NPM_AUTH_TOKEN', 'CARGO_REGISTRY_TOKEN'],
    ...['RUBYGEMS_API_KEY', 'GEM_HOST_API_KEY', 'UV_PUBLISH_TOKEN', 'TWINE_PASSWORD', 'DOCKER_PASSWORD'],
    ...[
      'ALIBABA_CLOUD_ACCESS_KEY_ID',
      'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
      'AWS_SECRET_ACCESS_KEY',
      'SSH_PRIVATE_KEY',
    ],
    ...[
      'PGPASSWORD',
      'MYSQL_PWD',
      'RSYNC_PASSWORD',
      'SSL_KEY',
      'MAVEN_PASSWORD',
      'GRADLE_PUBLISH_SECRET',
      'LDAP_URL',
    ],
  ])('like %s are what files are for', (name) => {
    expect(isHazardous(name)).toBe(false);
  });

  it('that are refused do make a program run other code', () => {
    const env = { NODE_OPTIONS: '--require=/nonexistent/evil.js' };
    const run = () => execFileSync(process.execPath, ['-e', '0'], { env, stdio: 'pipe' });
    expect(run).toThrow(/evil\.js/);
  });
});
