/**
 * From an HTTP answer to the JSON object of a success, or to the error it stands for. Nothing an answer says is
 * shown unless it is the service's own error document.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { CallError, type CallSubject, invalidResponse } from './call-error.js';
import type { HttpAnswer } from './http.js';
import { retryAfterMs } from './retry-after.js';
import { serviceError } from './service-error.js';

/** A JSON object whose members nobody has checked yet. */
type JsonObject = Readonly<Record<string, unknown>>;

/** A successful answer in the shape of the vendor's `doRequest`. */
export interface ServiceAnswer {
  readonly body: JsonObject;
  readonly headers: IncomingHttpHeaders;
  readonly statusCode: number;
}

/** Reads the answer to a call; throws a {@link CallError} for everything but a JSON object with status 2xx. */
export function readAnswer(subject: CallSubject, { status, headers, body }: HttpAnswer): ServiceAnswer {
  const { action } = subject;
  if (status >= 300 && status < 400) {
    throw invalidResponse(
      `${action} was answered with a redirect (HTTP ${status}), which is never followed`,
      ['check --endpoint: this is not the KMS service itself'],
    );
  }
  const json = parseObject(body);
  if (status >= 400 && typeof json?.['Code'] === 'string') {
    throw serviceError(subject, status, headers, json);
  }
  if (status === 429 || status >= 500) throw unavailable(action, status, headers);
  if (json === undefined || status >= 400) {
    throw invalidResponse(`${action} was not answered in the service's format (HTTP ${status})`, [
      'check --endpoint, and for a proxy or a login page between here and the service',
    ]);
  }
  return { body: json, headers, statusCode: status };
}

function unavailable(action: string, status: number, headers: IncomingHttpHeaders): CallError {
  const wait = retryAfterMs(headers);
  return new CallError(
    'unavailable',
    `${action} failed: the endpoint answered HTTP ${status} without an error of the service`,
    {
      mayHaveActed: status !== 429,
      isThrottled: status === 429,
      retryReason: `HTTP ${status}`,
      ...(wait !== undefined && { retryAfterMs: wait }),
    },
    { hints: ['a proxy or gateway before the service probably said this; try again later'] },
  );
}

function parseObject(body: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
