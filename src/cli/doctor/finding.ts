/** What one check of `doctor` found, and how it is shown. */
import type { ErrorCode, KmsAsymError, ServiceDetails } from '../../errors.js';
import { printable, serviceLine, serviceObject, type JsonObject } from '../terminal.js';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  readonly status: 'pass' | 'fail' | 'skip';
  /** What is the case, or why the check was left out. */
  readonly detail: string;
  /** What to do or type, for a failure. */
  readonly fixes: readonly string[];
  readonly code?: ErrorCode;
  readonly service?: ServiceDetails;
}

/** A failed check; `fixes` in place of the error's hints where there is something better to say. */
export function failure(check: string, error: KmsAsymError, fixes = error.hints): Finding {
  return {
    check,
    status: 'fail',
    detail: error.message,
    fixes,
    code: error.code,
    ...(error.service && { service: error.service }),
  };
}

/** Lines for people: status and detail in columns, then the service's code and the fixes below. */
export function findingText(finding: Finding): string {
  const { check, status, detail, service, fixes } = finding;
  const below = (label: string, text: string): string => `      ${label.padEnd(12)}  ${printable(text)}\n`;
  return [
    `${status}  ${check.padEnd(12)}  ${printable(detail)}\n`,
    ...(service ? [below('', serviceLine(service))] : []),
    ...fixes.map((fix) => below('fix:', fix)),
  ].join('');
}

/** The finding for `--json`. */
export function findingObject({ check, status, detail, fixes, code, service }: Finding): JsonObject {
  return {
    Check: check,
    Status: status,
    Detail: printable(detail),
    Code: code,
    Fixes: status === 'fail' ? fixes.map(printable) : undefined,
    Service: service && serviceObject(service),
  };
}
