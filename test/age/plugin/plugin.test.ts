/** The plugin keeps its promises to a scripted client, in this process and as the executable that the build made. */
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { describeConformance } from './conformance.js';
import { executable, inProcess } from './process.js';
import { createWorld, type World } from './world.js';

const PLUGIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'age-plugin-alikms.cjs');

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describeConformance('the plugin, in this process,', () => ({ world, start: inProcess(world.env) }));
describeConformance('the plugin, as an executable,', () => {
  return { world, start: executable(process.execPath, [PLUGIN], world.env) };
});
