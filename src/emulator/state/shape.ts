/**
 * JSON from outside read strictly: every member is looked at, and what is wrong is named by its path, for example
 * `keys[0].Versions[1].KeyVersionId`. Values are never repeated, as they may be private keys.
 */

const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** What is wrong, and where. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  /** `wanted` completes "…must be". */
  constructor(path: string, wanted: string) {
    super(`${path === '' ? 'it' : `"${path}"`} must be ${wanted}`);
  }
}

/** One value and its path; every reader throws {@link ShapeError}. */
export class Shape {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path = '') {
    this.value = value;
    this.path = path;
  }

  /** The error that this value must be something else. */
  mustBe(wanted: string): ShapeError {
    return new ShapeError(this.path, wanted);
  }

  /** The members of an object; others than `required` and `optional` are errors. */
  members<R extends string, O extends string = never>(
    required: readonly R[],
    optional: readonly O[] = [],
  ): Readonly<Record<R, Shape> & Partial<Record<O, Shape>>> {
    const entries = this.entries();
    const known: readonly string[] = [...required, ...optional];
    for (const [name, member] of entries) {
      if (!known.includes(name)) throw member.mustBe(`left out: only ${known.join(', ')} are known here`);
    }
    for (const name of required) {
      if (!entries.has(name)) throw new Shape(undefined, this.#pathOf(name)).mustBe('given');
    }
    return Object.fromEntries(entries) as Record<R, Shape> & Partial<Record<O, Shape>>;
  }

  /** The members of an object whatever their names. */
  entries(): ReadonlyMap<string, Shape> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.mustBe('an object');
    return new Map(
      Object.entries(value).map(([name, member]) => [name, new Shape(member, this.#pathOf(name))]),
    );
  }

  /** The elements of an array. */
  elements(): readonly Shape[] {
    if (!Array.isArray(this.value)) throw this.mustBe('an array');
    return this.value.map((element: unknown, index) => new Shape(element, `${this.path}[${index}]`));
  }

  /** The elements of an array that is not empty, each read by `read`. */
  some<T>(read: (element: Shape) => T): readonly [T, ...T[]] {
    const [first, ...others] = this.elements();
    if (first === undefined) throw this.mustBe('an array that is not empty');
    return [read(first), ...others.map(read)];
  }

  /** A text that `pattern` matches; `wanted` says what that means. */
  text(pattern = /^/, wanted = 'a text'): string {
    if (typeof this.value === 'string' && pattern.test(this.value)) return this.value;
    throw this.mustBe(wanted);
  }

  /** A moment in milliseconds since the epoch, in a year of four digits: clocks may be set to any of them. */
  date(): number {
    const { value } = this;
    if (typeof value === 'number' && value >= FIRST_MS && value <= LAST_MS) return value;
    throw this.mustBe('a date in milliseconds since 1970');
  }

  flag(): boolean {
    if (typeof this.value === 'boolean') return this.value;
    throw this.mustBe('true or false');
  }

  /** One of the words. */
  oneOf<T extends string>(words: readonly T[]): T {
    const word = words.find((candidate) => candidate === this.value);
    if (word === undefined) throw this.mustBe(`one of ${words.join(', ')}`);
    return word;
  }

  #pathOf(name: string): string {
    const shown = /^[\w-]{1,40}$/.test(name) ? name : '?';
    return this.path === '' ? shown : `${this.path}.${shown}`;
  }
}
