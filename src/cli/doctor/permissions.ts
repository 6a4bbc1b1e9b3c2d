/** All that RAM denied in the course of an examination, as the one statement that would allow it. */
import { allowStatement, deniedResource, type RamStatement } from '../../kms/ram-policy.js';
import type { Examination } from './examination.js';
import type { Finding } from './finding.js';

/** The missing statement; `undefined` when nothing was denied. */
export function missingStatement(examination: Examination): RamStatement | undefined {
  const { denied, keyId, key } = examination;
  const [first] = denied;
  if (first === undefined) return undefined;
  const actions = denied.map(({ service }) => service?.action ?? '');
  const host = examination.client?.endpoint ?? `kms.${examination.client?.region ?? ''}.aliyuncs.com`;
  return allowStatement(
    [...new Set(actions)],
    key?.arn ?? deniedResource({ action: '', keyId, host }, first.message),
  );
}

/** The finding about permissions. */
export function permissionFinding(examination: Examination): Finding {
  const check = 'permissions';
  const statement = missingStatement(examination);
  if (statement !== undefined) {
    const fixes = [`a RAM policy of the identity has to hold: ${JSON.stringify(statement)}`];
    const detail = `not allowed: ${[statement.Action].flat().join(', ')}`;
    return { check, status: 'fail', detail, fixes, code: 'service-refused' };
  }
  const isComplete = examination.kms !== undefined;
  return isComplete
    ? { check, status: 'pass', detail: 'nothing was denied', fixes: [] }
    : { check, status: 'skip', detail: 'nothing was asked of a key', fixes: [] };
}
