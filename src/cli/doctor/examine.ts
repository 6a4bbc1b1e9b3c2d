/** Runs the checks of `doctor` one after the other; a failure leaves out only what builds upon it. */
import { KmsAsymError } from '../../errors.js';
import { isDenied, isUnavailable, type Check, type Examination } from './examination.js';
import { failure, type Finding } from './finding.js';
import { KEY_CHECKS } from './key-checks.js';
import { permissionFinding } from './permissions.js';
import { WAY_CHECKS } from './way-checks.js';

/** Makes every check and tells each finding as soon as it is there. */
export async function examine(
  examination: Examination,
  tell: (finding: Finding) => Promise<void>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add = async (finding: Finding): Promise<void> => {
    findings.push(finding);
    await tell(finding);
  };
  try {
    for (const check of [...WAY_CHECKS, ...KEY_CHECKS]) await add(await make(check, examination));
    await add(permissionFinding(examination));
  } finally {
    examination.probe?.close();
    examination.kms?.close();
  }
  return findings;
}

async function make(check: Check, examination: Examination): Promise<Finding> {
  const { name } = check;
  const reason = check.blocked(examination);
  if (reason !== undefined) return { check: name, status: 'skip', detail: reason, fixes: [] };
  try {
    return { check: name, status: 'pass', detail: await check.run(examination), fixes: [] };
  } catch (error) {
    if (!(error instanceof KmsAsymError)) throw error;
    if (name === 'key' && (isUnavailable(error) || isDenied(error))) examination.isHidden = true;
    if (isUnavailable(error))
      return { check: name, status: 'skip', detail: 'this endpoint does not offer that', fixes: [] };
    if (!isDenied(error)) return failure(name, error);
    // One statement at the end takes the place of one for every call.
    examination.denied.push(error);
    return failure(name, error, ['see "permissions" below']);
  }
}
