import { afterEach, describe, expect, it, vi } from 'vitest';
import { openHsm } from '../../../src/emulator/hsm/open.js';

afterEach(() => {
  vi.doUnmock('pkcs11js');
});

describe('openHsm', () => {
  it('does without the binding only when it may choose', async () => {
    vi.doMock('pkcs11js', () => {
      throw new Error('no binding');
    });
    const notices: string[] = [];
    const hsm = await openHsm('auto', { onNotice: (line) => notices.push(line) });
    expect(hsm.backend).toBe('software');
    expect(notices).toEqual([expect.stringMatching(/^keys are kept in software, not in an HSM: \S.*$/)]);
    await hsm.close();
    await expect(openHsm('softhsm')).rejects.toMatchObject({ code: 'emulator' });
  });
});
