/** The plugin protocol, played by a scripted client against whatever `start` starts. */
import type { Start } from './process.js';
import type { World } from './world.js';
import { FRAMING_CASES } from './framing-cases.js';
import { UNWRAPPING_CASES } from './unwrapping-cases.js';
import { WRAPPING_CASES } from './wrapping-cases.js';

/** Where a case plays. */
export interface Setting {
  readonly start: Start;
  readonly world: World;
}

/** One promise of the plugin. */
export interface Case {
  readonly title: string;
  /** Rejects when the promise is not kept. */
  readonly run: (setting: Setting) => Promise<void>;
}

export const CASES: readonly Case[] = [...WRAPPING_CASES, ...UNWRAPPING_CASES, ...FRAMING_CASES];
