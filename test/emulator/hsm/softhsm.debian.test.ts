import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';
import { findSoftHsm } from '../../../src/emulator/hsm/softhsm.js';
import { describeHsm } from './conformance.js';
import { describeToken } from './token-conformance.js';

const stateDir = mkdtempSync(join(tmpdir(), 'kms-asym-softhsm-'));
afterAll(() => {
  rmSync(stateDir, { recursive: true, force: true });
});

describeHsm('SoftHSM', {
  backend: 'softhsm',
  isHardwareBacked: true,
  open: (owner) => openHsm('softhsm', { stateDir, owner }),
});

describeToken('SoftHSM', {
  enforcesExtractable: true,
  hasOaepSha256: false,
  label: 'kms-asym',
  modulePath: findSoftHsm,
  open: () => openHsm('softhsm', { stateDir }),
});
