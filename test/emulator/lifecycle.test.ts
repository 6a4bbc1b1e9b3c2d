import { it } from 'vitest';
import {
  type CallAction,
  handCaller,
  kms2016Caller,
  openApiCaller,
  SIGNERS,
  type Target,
} from './callers.js';
import { decryptingLife, signingLife } from './lifecycle.js';
import { runEmulator } from './running.js';

const running = runEmulator();

it.each<[string, (target: Target) => CallAction]>([
  ['openapi-client with V3', (target) => openApiCaller(target)],
  [
    'openapi-client with signatureAlgorithm v2',
    (target) => openApiCaller(target, { signatureAlgorithm: 'v2' }),
  ],
  ['kms20160120 with V1', kms2016Caller],
  ...Object.entries(SIGNERS).map(([title, sign]): [string, (target: Target) => CallAction] => [
    `a hand-signed ${title}`,
    (target) => handCaller(target, sign),
  ]),
])('%s takes keys through their whole life', async (_title, callerOf) => {
  const call = callerOf(running.emulator);
  await decryptingLife(call);
  await signingLife(call);
});
