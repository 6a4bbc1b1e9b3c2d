/** The plugin keeps its promises to a scripted client, in this process and as the executable that the build made. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { encodeKmsIdentity } from '../../../src/age/kms-identity-string.js';
import { CASES } from './cases.js';
import { executable, inProcess, type Start } from './process.js';
import { createWorld, type World } from './world.js';

const PLUGIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'age-plugin-alikms.cjs');
const missing = encodeKmsIdentity({ region: 'cn-hangzhou', keyId: 'key-missing' });

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe.each<[string, (env: NodeJS.ProcessEnv) => Start]>([
  ['in this process', inProcess],
  ['as an executable', (env) => executable(process.execPath, [PLUGIN], env)],
])('the plugin, %s,', (_where, make) => {
  it.each(CASES)('$title', ({ run }) => run({ start: make(world.env), world, missing }));
});
