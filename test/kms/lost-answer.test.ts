/** Changes that the service made although no answer came: the next attempt must not pass for a failure. */
import { describe, expect, it } from 'vitest';
import type { KmsClient } from '../../src/kms/client.js';
import { clientOf, json, refuse, serve, type Handler } from './test-server.js';

const KEY_ID = 'key-hzz62f1cb66fa42qoabcd';
const NO_WAIT = { sleep: () => Promise.resolve() };
const state = (KeyState: string) => ({ KeyMetadata: { KeyId: KEY_ID, KeyState } });
const aliases = (...names: string[]) => ({
  Aliases: { Alias: names.map((AliasName) => ({ AliasName, KeyId: KEY_ID })) },
  TotalCount: names.length,
});

interface Lost {
  readonly action: string;
  readonly change: (client: KmsClient) => Promise<object>;
  /** How the second attempt is refused. */
  readonly refusal: readonly [number, string];
  /** What the service says when it is asked whether the change was made, and when it was not. */
  readonly made: object;
  readonly notMade?: object;
}

const CASES: readonly Lost[] = [
  {
    action: 'CreateAlias',
    change: (client) => client.createAlias(KEY_ID, 'alias/a'),
    refusal: [400, 'AliasAlreadyExists'],
    made: aliases('alias/other', 'alias/a'),
    notMade: aliases('alias/other'),
  },
  {
    action: 'DeleteAlias',
    change: (client) => client.deleteAlias('alias/a'),
    refusal: [404, 'Forbidden.AliasNotFound'],
    made: {},
  },
  {
    action: 'ScheduleKeyDeletion',
    change: (client) => client.scheduleKeyDeletion(KEY_ID, 7),
    refusal: [409, 'Rejected.StateModifiedFailed'],
    made: state('PendingDeletion'),
    notMade: state('Disabled'),
  },
  {
    action: 'CancelKeyDeletion',
    change: (client) => client.cancelKeyDeletion(KEY_ID),
    refusal: [409, 'Rejected.StateModifiedFailed'],
    made: state('Enabled'),
    notMade: state('PendingDeletion'),
  },
];

/** The first attempt is cut off after the service got it, the second one refused; then it is asked how things are. */
function losing({ action, refusal: [status, code] }: Lost, answer: object): Handler {
  return ({ headers }, response, count) => {
    if (headers['x-acs-action'] !== action) json(response, 200, answer);
    else if (count === 1) response.destroy();
    else refuse(response, status, code);
  };
}

describe.each(CASES)('$action', (lost) => {
  it('whose answer got lost has succeeded when the change is there', async () => {
    const server = await serve(losing(lost, lost.made));
    const client = await clientOf(server.endpoint, { retryCount: 1 }, NO_WAIT);
    expect(await lost.change(client)).toEqual({ requestId: '' });
  });

  it('that is refused at once is refused, and nobody looks', async () => {
    const server = await serve((_request, response) => {
      refuse(response, ...lost.refusal);
    });
    const client = await clientOf(server.endpoint, { retryCount: 1 }, NO_WAIT);
    await expect(lost.change(client)).rejects.toMatchObject({ service: { code: lost.refusal[1] } });
    expect(server.received).toHaveLength(1);
  });

  it('that is refused after throttling alone is refused', async () => {
    const server = await serve((_request, response, count) => {
      if (count === 1) refuse(response, 429, 'Rejected.Throttling');
      else refuse(response, ...lost.refusal);
    });
    const client = await clientOf(server.endpoint, { retryCount: 1 }, NO_WAIT);
    await expect(lost.change(client)).rejects.toMatchObject({ service: { code: lost.refusal[1] } });
    expect(server.received).toHaveLength(2);
  });
});

it.each(CASES.filter(({ notMade }) => notMade))(
  '$action whose answer got lost is refused when the change is not there',
  async (lost) => {
    const server = await serve(losing(lost, lost.notMade ?? {}));
    const client = await clientOf(server.endpoint, { retryCount: 1 }, NO_WAIT);
    await expect(lost.change(client)).rejects.toMatchObject({
      code: 'service-refused',
      service: { code: lost.refusal[1] },
      hints: expect.arrayContaining([expect.stringContaining('whose answer got lost')]) as string[],
    });
  },
);

it('CreateKeyVersion is not sent again when its answer got lost', async () => {
  const server = await serve((_request, response) => {
    response.destroy();
  });
  const client = await clientOf(server.endpoint, { retryCount: 3 }, NO_WAIT);
  await expect(client.createKeyVersion(KEY_ID)).rejects.toMatchObject({
    code: 'network',
    hints: expect.arrayContaining([expect.stringContaining('list-key-versions')]) as string[],
  });
  expect(server.received).toHaveLength(1);
});
