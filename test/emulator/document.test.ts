import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ACTIONS } from '../../src/emulator/actions/index.js';
import { KEY_SPECS } from '../../src/emulator/keys/key-spec.js';
import { MAX_TAGS, MAX_VERSIONS, MIN_VERSION_AGE_DAYS, QUOTAS } from '../../src/emulator/keys/quotas.js';
import { SERVICE_ERRORS } from '../../src/emulator/service-errors.js';
import { SERVICE_MODES } from '../../src/emulator/service-mode.js';
import { ENCRYPTION } from '../../src/emulator/call/encryption.js';
import { SIGNING } from '../../src/emulator/signing/algorithms.js';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const text = read('.github/EMULATOR.md');
const section = (title: string) => text.split('\n## ').find((part) => part.startsWith(title)) ?? '';

it('the document names exactly the actions that the emulator has', () => {
  const cells = [...section('Actions').matchAll(/^\| [^|]+\| ([^|]+?) +\|$/gm)].slice(1);
  const names = cells.flatMap(([, cell = '']) => cell.split(', ')).filter((name) => !/^-+$/.test(name));
  expect(names.sort()).toEqual(Object.keys(ACTIONS).sort());
});

it('the document names the specs, algorithms, modes, quotas and codes of the code', () => {
  const algorithms = [ENCRYPTION, SIGNING].flatMap(({ families }) => Object.keys(families));
  for (const name of [...KEY_SPECS, ...algorithms]) expect(section('Actions')).toContain(name);
  for (const mode of SERVICE_MODES) expect(text).toContain(`\`${mode}\``);
  const { keys, aliases } = QUOTAS.legacy;
  expect(text).toContain(`${keys.toString()} keys, ${aliases.toString()} aliases`);
  expect(text).toContain(
    `${MIN_VERSION_AGE_DAYS.toString()} days after the newest version, ${MAX_VERSIONS.toString()} at most`,
  );
  expect(text).toMatch(new RegExp(`^\\| Tags of a key +\\| ${MAX_TAGS.toString()},`, 'm'));
  const codes = [...text.matchAll(/`((?:Rejected|Unsupported|Forbidden)\.\w+|Request\w+)`/g)];
  expect(codes.length).toBeGreaterThan(5);
  for (const [, code] of codes) expect(Object.keys(SERVICE_ERRORS)).toContain(code);
});

it('the README leads to the document', () => {
  expect(read('README.md')).toContain('(.github/EMULATOR.md)');
});
