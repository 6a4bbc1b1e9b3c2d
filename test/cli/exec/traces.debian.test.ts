/** What `exec` leaves behind: nothing. Seen by strace, by a search of everything it could write to, and by /proc. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ended, EXECUTABLE, SECRETS, useBench, SOURCES } from './bench.js';

const bench = useBench();

const FORMS = Object.values(SECRETS).flatMap((text) => [
  text,
  Buffer.from(text).toString('hex'),
  Buffer.from(text).toString('base64').replace(/=+$/, ''),
  encodeURIComponent(text),
]);
const tells = (text: string) => FORMS.some((form) => text.includes(form));

/** One system call a line: its name, and all that strace printed. */
async function trace(command: readonly string[]) {
  const file = `${bench.folder}.trace`;
  const strace = ['strace', '-f', '-qq', '-v', '-s', '1000000', '-o', file];
  const result = await bench.run([...strace, ...command]);
  const lines = readFileSync(file, 'latin1').split('\n');
  rmSync(file);
  const calls = lines.flatMap((line) => {
    const [, name] = /^\d+ +(?:<\.\.\. )?(\w+)[( ]/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, line }];
  });
  return { result, calls };
}

type Calls = Awaited<ReturnType<typeof trace>>['calls'];

/** Files that were opened to be written, or made in any other way. */
function writtenFiles(calls: Calls): string[] {
  const making =
    /^(creat|mknod|mknodat|mkdir|mkdirat|link|linkat|symlink|symlinkat|rename|renameat2?|truncate|memfd_create)$/;
  return calls
    .filter(({ name, line }) =>
      /^openat2?$|^open$/.test(name) ? /O_(WRONLY|RDWR|CREAT|TMPFILE)/.test(line) : making.test(name),
    )
    .map(({ line }) => /"([^"]*)"/.exec(line)?.[1] ?? line);
}

/** Arguments and environment of an execve line of `strace -v`. */
function splitExecve(line: string): { argv: string; env: string } {
  const [argv = '', env = ''] = line.split('], [');
  return { argv, env };
}

const WRITING =
  /^(p?write(v|64|v2)?|send(to|msg|mmsg)|splice|vmsplice|sendfile|copy_file_range|prctl|setxattr)$/;

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** Plain files right in a folder that everybody writes to, touched since a moment. */
function freshFilesIn(folder: string, sinceMs: number): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() === true && stats.mtimeMs >= sinceMs && stats.size < 50_000_000;
    });
}

describe('exec', () => {
  it('hands secrets to the system in the environment of the command, and in no other call', async () => {
    const { result, calls } = await trace([
      process.execPath,
      EXECUTABLE,
      'exec',
      '-v',
      ...SOURCES,
      '--',
      '/bin/true',
    ]);
    expect(result).toMatchObject({ status: 0, stdout: Buffer.alloc(0) });
    expect(tells(result.stderr)).toBe(false);
    expect(calls.length).toBeGreaterThan(500);

    const starts = calls.filter(({ name, line }) => name === 'execve' && tells(line));
    expect(starts).toHaveLength(1);
    const { argv, env } = splitExecve(starts[0]?.line ?? '');
    expect(argv).toContain('execve("/bin/true", ["/bin/true"');
    for (const [name, value] of Object.entries(SECRETS)) expect(env).toContain(`"${name}=${value}"`);

    const others = calls.filter(({ name, line }) => name !== 'execve' && tells(line));
    // The service's answer is read, as it came; here without TLS, so that this sees it.
    expect(others.filter(({ name }) => !/^(read|recvfrom|recvmsg|readv)$/.test(name))).toEqual([]);
    expect(calls.filter(({ name, line }) => WRITING.test(name) && tells(line))).toEqual([]);
    expect(writtenFiles(calls).filter((file) => file !== '/dev/null')).toEqual([]);
  });

  it('would be found out: the same look sees what decrypt writes, and values in arguments', async () => {
    const decrypt = ['decrypt', 'armor.age', '-o', 'armor.txt'];
    const { calls } = await trace([process.execPath, EXECUTABLE, ...decrypt]);
    expect(writtenFiles(calls).join()).toContain('armor.txt');
    expect(calls.some(({ name, line }) => WRITING.test(name) && tells(line))).toBe(true);
    expect(filesUnder(bench.folder).filter((path) => tells(readFileSync(path, 'latin1')))).toEqual([
      join(bench.folder, 'work', 'armor.txt'),
    ]);
    rmSync(join(bench.folder, 'work', 'armor.txt'));
    const given = await trace(['/bin/echo', SECRETS.RAW]);
    expect(given.calls.some(({ line }) => tells(splitExecve(line).argv))).toBe(true);
  });

  it('keeps secrets out of every command line, every title, its own environment and all files while the command runs', async () => {
    const before = filesUnder(bench.folder).sort();
    const sinceMs = Date.now() - 2000;
    const shell = ['sh', '-c', 'echo ready; read line; test -n "$RAW$DOTENV"'];
    const child = bench.start([process.execPath, EXECUTABLE, 'exec', '-v', ...SOURCES, '--', ...shell]);
    const end = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));

    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const read = (pid: string, file: string): string => {
      try {
        return readFileSync(join('/proc', pid, file), 'latin1');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    };
    const seen = (file: string) => processes.filter((pid) => tells(read(pid, file)));
    expect([seen('cmdline'), seen('comm'), seen('status')]).toEqual([[], [], []]);
    const holders = seen('environ');
    expect(holders).not.toContain(String(child.pid));
    expect(holders.map((pid) => read(pid, 'stat').split(' ')[3])).toEqual([String(child.pid)]);

    child.stdin?.end('\n');
    const { status, stderr } = await end;
    expect([status, tells(stderr)]).toEqual([0, false]);
    expect(filesUnder(bench.folder).sort()).toEqual(before);
    const shared = ['/tmp', '/var/tmp', '/dev/shm'].flatMap((folder) => freshFilesIn(folder, sinceMs));
    const files = [...before, ...shared].filter((path) => tells(readFileSync(path, 'latin1')));
    expect(files).toEqual([]);
  });

  it.each([
    ['a file that does not decrypt', ['--env', 'X=key.pem']],
    ['a name that must not be set', ['--only', 'MISSING']],
    ['a command that does not exist', ['--', 'no-such-command']],
  ])('says nothing of the others when it fails: %s', async (_title, more) => {
    const { status, stdout, stderr } = await bench.run([
      ...[process.execPath, EXECUTABLE, 'exec', '-v', ...SOURCES, ...more],
      ...(more.includes('--') ? [] : ['--', 'true']),
    ]);
    expect([2, 3]).toContain(status);
    expect(tells(stdout.toString() + stderr)).toBe(false);
  });

  it.each([
    ['DEBUG', '*', 0],
    ['NODE_DEBUG', 'http,net,tls,stream,fs', 0],
    // Node would print the whole environment of the command.
    ['NODE_DEBUG', 'child_process', 7],
    ['NODE_DEBUG', '*', 7],
  ])('prints no secret with %s=%s', async (name, value, expected) => {
    const command = [process.execPath, EXECUTABLE, 'exec', ...SOURCES, '--', 'true'];
    const { status, stdout, stderr } = await bench.run(command, { [name]: value });
    expect(status, stderr.slice(-500)).toBe(expected);
    expect(stderr.includes('NODE_DEBUG makes Node print')).toBe(expected === 7);
    expect(tells(stdout.toString() + stderr)).toBe(false);
  });

  it('prints values for the runner of GitHub before the command says anything, when it is told to', async () => {
    const command = [
      process.execPath,
      EXECUTABLE,
      'exec',
      '--github-mask',
      ...SOURCES,
      '--',
      'sh',
      '-c',
      'echo $RAW; echo said >&2',
    ];
    const { status, stdout, stderr } = await bench.run(command, { GITHUB_ACTIONS: 'true' });
    expect([status, stdout.toString()]).toEqual([0, `${SECRETS.RAW}\n`]);
    expect(stderr).toBe(
      `${Object.values(SECRETS)
        .map((value) => `::add-mask::${value}\n`)
        .join('')}said\n`,
    );
  });
});
