/**
 * What a kind of setting is, and what is said of a value that does not fit it.
 *
 * @module
 */

/** A value of the wrong kind or with a wrong value; without the setting's name, which is added. */
export class Misfit {
  /** True where the kind is right and the value is not. */
  readonly isRange: boolean;
  /** What follows the setting's name, such as "must be a text, not a number". */
  readonly text: string;
  /** Where in the value it is, such as "[1]" or ".key". */
  readonly place: string;

  /** See the fields. */
  constructor(isRange: boolean, text: string, place = "") {
    this.isRange = isRange;
    this.text = text;
    this.place = place;
  }

  /** The same, one level further out. */
  at(place: string): Misfit {
    return new Misfit(this.isRange, this.text, `${place}${this.place}`);
  }
}

/** What a setting may be. */
export interface Kind<T> {
  /** What is allowed, for messages and documentation: completes "must be ...". */
  readonly allowed: string;
  /** The settings inside, by name, where it has some; for the documentation. */
  readonly fields?: object | undefined;
  /** Set where no value passes: the setting is known, and cannot be had here. */
  readonly isRefused?: true;
  /** Reads a value once; what it returns is copied where the program could change it later. */
  read(value: unknown): T;
  /** Some values that pass, the least and the greatest among them; none where only its user can tell. */
  readonly good: readonly T[];
  /** Some values of other kinds, which are refused with a TypeError; for tests. */
  readonly wrongKinds: readonly unknown[];
  /** Some values out of range, which are refused with a RangeError; for tests. */
  readonly wrongValues: readonly unknown[];
}

/** A value in a message: its kind, and itself where it is no text, which may be a secret. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  if (value instanceof Promise) return "a promise";
  if (isDetached(value)) return "one whose memory was given away";
  const kind = typeof value;
  return kind === "object" ? "an object" : kind === "string" ? "a text" : `a ${kind}`;
}

/** Whether it is bytes that are gone, to a worker, say: they would pass for an empty array. */
export function isDetached(value: unknown): boolean {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return buffer instanceof ArrayBuffer && buffer.detached;
}

/** Refuses a value of another kind. */
export function wrongKind(allowed: string, value: unknown): never {
  throw new Misfit(false, `must be ${allowed}, not ${show(value)}`);
}

/** Refuses a value out of range. */
export function wrongValue(allowed: string, shown: string): never {
  throw new Misfit(true, `must be ${allowed}, not ${shown}`);
}

/** Things that are none of the primitive kinds. */
export const OBJECTS: readonly unknown[] = [
  null,
  {},
  [],
  () => {},
  Symbol("wrong"),
  Promise.resolve(),
];
