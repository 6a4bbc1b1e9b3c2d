/**
 * The parameters of an action. Everything travels as text; each reader checks one shape and names the parameter in
 * its refusal. An empty value counts as absent, because the vendor's older SDK sends every unset member as one.
 */
import { decodeBase64 } from '../../crypto/encoding.js';
import type { Form } from '../http/form.js';
import { invalidParameter, missingParameter } from '../refusal.js';

/** Typed access to the parameters of one call. Every method throws `Refusal`. */
export class Parameters {
  readonly #form: Form;

  constructor(form: Form) {
    this.#form = form;
  }

  /** The value, or `undefined` when it is absent or empty. */
  optional(name: string): string | undefined {
    const value = this.#form.get(name);
    return value === '' ? undefined : value;
  }

  /** The value; `MissingParameter` without one. */
  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  /** Throws for the first of `names` that is absent or empty. */
  requireAll(...names: readonly string[]): void {
    for (const name of names) this.required(name);
  }

  /** The value, which may be empty; `MissingParameter` when it is absent. */
  present(name: string): string {
    const value = this.#form.get(name);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  /** `true` or `false`; false when absent. */
  boolean(name: string): boolean {
    return this.choice(name, ['true', 'false'], 'false') === 'true';
  }

  /** Text of at most `max` characters, empty when absent. */
  text(name: string, max: number): string {
    const value = this.optional(name) ?? '';
    if (value.length > max) throw invalidParameter(name);
    return value;
  }

  /** A JSON value, `undefined` when absent. */
  json(name: string): unknown {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw invalidParameter(name);
    }
  }

  /** One of `choices`, `fallback` when absent. */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw invalidParameter(name);
    return found;
  }

  /** A decimal integer between `min` and `max`, `fallback` when absent. */
  integer(name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw invalidParameter(name);
    return number;
  }

  /** Required standard base64 with padding, decoded. */
  base64(name: string): Buffer {
    const bytes = decodeBase64(this.required(name));
    if (bytes === undefined) throw invalidParameter(name);
    return bytes;
  }
}
