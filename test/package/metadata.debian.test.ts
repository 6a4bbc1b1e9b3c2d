/** The metadata service of ECS has a fixed address: these tests give it one in a network namespace of their own. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../kms/test-server.js';
import { type Installation, packAndInstall } from './install.js';

const ADDRESS = '100.100.100.200';
/** The service as it answers on an instance with the role `backup`, to those who have fetched a token first. */
const SERVICE = `
import { createServer } from 'node:http';
const role = {
  Code: 'Success', AccessKeyId: 'STS.role', AccessKeySecret: 'secret', SecurityToken: 'token',
  Expiration: '2099-01-01T00:00:00Z',
};
createServer((request, response) => {
  const roles = '/latest/meta-data/ram/security-credentials/';
  if (request.method === 'PUT' && request.url === '/latest/api/token') response.end('metadata-token');
  else if (request.headers['x-aliyun-ecs-metadata-token'] !== 'metadata-token') response.writeHead(403).end();
  else if (request.url === roles) response.end('backup');
  else if (request.url === roles + 'backup') response.end(JSON.stringify(role));
  else response.writeHead(404).end('<html>secret</html>');
}).listen(80, '${ADDRESS}', () => console.log('ready'));
`;
const NOT_FOUND = `
import { createServer } from 'node:http';
createServer((_request, response) => response.writeHead(404).end()).listen(80, '${ADDRESS}', () => console.log('ready'));
`;
const HANGING = `
import { createServer } from 'node:net';
createServer(() => undefined).listen(80, '${ADDRESS}', () => console.log('ready'));
`;
/** Connections beyond the backlog get no answer at all, like packets to an address that nobody has. */
const SILENT = `use Socket; use Fcntl;
my $address = sockaddr_in(80, inet_aton('${ADDRESS}'));
socket(my $server, PF_INET, SOCK_STREAM, 0); bind($server, $address) or die $!; listen($server, 0);
my @waiting;
for (1 .. 3) { socket(my $one, PF_INET, SOCK_STREAM, 0); fcntl($one, F_SETFL, O_NONBLOCK); connect($one, $address); push @waiting, $one; }
$| = 1; print "ready\\n"; sleep 60;
`;

let installation: Installation;
let bin: string;
beforeAll(() => {
  installation = packAndInstall();
  bin = join(installation.package, 'dist', 'kms-asym.cjs');
});
afterAll(() => {
  installation.remove();
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of `command` alone. */
  readonly elapsedMs: number;
}

/** Runs a line of bash, in which $NODE and $BIN are ours, where `service` (a program) plays the metadata service. */
async function inNamespace(
  service: { program: string; text: string } | undefined,
  command: string,
  product = '',
): Promise<Ended> {
  const folder = temporaryFolder();
  const script = join(folder, service?.program === 'perl' ? 'service.pl' : 'service.mjs');
  writeFileSync(script, service?.text ?? '');
  const address = `ip addr add ${ADDRESS}/32 dev lo`;
  const start = service
    ? `${address}; coproc "${service.program}" "${script}"; read -u "\${COPROC[0]}" _`
    : 'true';
  const time = 'date +%s%3N';
  // What the firmware of this machine says it is must not matter, or be what a test wants.
  const hardware = `mount -t tmpfs none /sys; mkdir -p /sys/class/dmi/id; [ -z "${product}" ] || echo "${product}" > /sys/class/dmi/id/product_name`;
  const lines = `${hardware}; ip link set lo up; ${start}; A=$(${time}); ${command}; S=$?; B=$(${time}); echo $((B - A)) >&2; kill $COPROC_PID 2>/dev/null; exit $S`;
  const env = [
    'env',
    '-i',
    `PATH=${process.env['PATH'] ?? ''}`,
    `HOME=${folder}`,
    `NODE=${process.execPath}`,
  ];
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [file, ...args] = [
    ...sudo,
    'unshare',
    '--net',
    '--mount',
    ...env,
    `BIN=${bin}`,
    'bash',
    '-c',
    lines,
  ] as const;
  return new Promise((resolve) => {
    execFile(file, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const [, told = stderr, elapsed = '0'] = /^([^]*?)(\d+)\n$/.exec(stderr) ?? [];
      const status = error ? Number(error.code) : 0;
      resolve({ status, stdout, stderr: told, elapsedMs: Number(elapsed) });
    });
  });
}

const node = (text: string) => ({ program: process.execPath, text });
const ANYTHING = '"$NODE" "$BIN" create-key -q --endpoint http://127.0.0.1:1 --retry-count 0';

describe('the role of an ECS instance', () => {
  const call =
    'unset ALIBABA_CLOUD_ACCESS_KEY_ID ALIBABA_CLOUD_ACCESS_KEY_SECRET ALIBABA_CLOUD_SECURITY_TOKEN; "$NODE" "$BIN"';
  const inside = (command: string): string =>
    `"$NODE" "$BIN" emulator --hsm software --access-key STS.role:secret:token -q -- sh -c '${call} ${command}'`;

  it('signs calls, found by itself or by its name', async () => {
    const found = await inNamespace(node(SERVICE), inside('create-key -q'), 'Alibaba Cloud ECS');
    expect(found.stdout, found.stderr).toMatch(/^key-\w+\n$/);
    const named = await inNamespace(
      node(SERVICE),
      `export ALIBABA_CLOUD_ECS_METADATA=backup; ${inside('create-key -q')}`,
    );
    expect(named.stdout, named.stderr).toMatch(/^key-\w+\n$/);
  });

  it('is what doctor names as the source', async () => {
    const { stdout } = await inNamespace(node(SERVICE), inside('doctor'));
    expect(stdout).toMatch(
      /^pass {2}credentials {3}access key … \(temporary\) from the role of this ECS instance$/m,
    );
  });

  it('that the instance does not have is an error, which shows nothing of the answer', async () => {
    const ended = await inNamespace(node(SERVICE), `export ALIBABA_CLOUD_ECS_METADATA=other; ${ANYTHING}`);
    expect(ended.stderr).toMatch(
      /^kms-asym: error: the role of this ECS instance gives no credentials: there is no such role\n/,
    );
    expect(ended.stderr).not.toContain('secret');
    expect(ended.status).toBe(7);
  });
});

describe('where there is no metadata service', () => {
  it.each<[string, { program: string; text: string } | undefined]>([
    ['no network', undefined],
    ['an address that nobody has', { program: 'perl', text: SILENT }],
    ['somebody who hangs', node(HANGING)],
    ['somebody else', node(NOT_FOUND)],
  ])('but %s, this is found out soon', async (_what, service) => {
    const ended = await inNamespace(service, ANYTHING);
    expect(ended.stderr).toMatch(/^kms-asym: error: no credentials found\n/);
    expect(ended.stderr).toContain('outside ECS, ALIBABA_CLOUD_ECS_METADATA_DISABLED=true saves asking');
    expect(ended.status).toBe(7);
    expect(ended.elapsedMs).toBeLessThan(2500);
  });

  it('nobody is asked on hardware of somebody else', async () => {
    const ended = await inNamespace(node(SERVICE), ANYTHING, 'ThinkPad');
    expect(ended.stderr).toMatch(/^kms-asym: error: no credentials found\n/);
    expect(ended.stderr).not.toContain('metadata');
    expect(ended.elapsedMs).toBeLessThan(1500);
  });

  it('a role that was named is an error of its own', async () => {
    const ended = await inNamespace(
      { program: 'perl', text: SILENT },
      `export ALIBABA_CLOUD_ECS_METADATA=backup; ${ANYTHING}`,
    );
    expect(ended.stderr).toMatch(
      /^kms-asym: error: the role of this ECS instance gives no credentials: cannot connect to "100\.100\.100\.200" within 0\.5 s\n/,
    );
    expect(ended.elapsedMs).toBeLessThan(2500);
  });
});
