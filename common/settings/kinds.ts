/**
 * Kinds of settings: what a value may be, how that is said, and how it is read. A kind is the one
 * place that knows it: the check, the documentation and the tests come from here.
 *
 * @module
 */
import { type Host, parseHost } from "../base/addresses.ts";
import { visible } from "../base/visible.ts";
import { isDetached, type Kind, Misfit, OBJECTS, show, wrongKind, wrongValue } from "./kind.ts";

/** A whole number. */
export function wholeNumber(min: number, max: number, unit = ""): Kind<number> {
  const allowed = `a whole number from ${min} to ${max}${unit && ` (${unit})`}`;
  return {
    allowed,
    read(value) {
      if (typeof value !== "number") wrongKind(allowed, value);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      return wrongValue(allowed, String(value));
    },
    good: [min, max],
    wrongKinds: [...OBJECTS, "1", 1n, true, Object(min)],
    wrongValues: [min - 1, max + 1, min + 0.5, NaN, Infinity, -Infinity],
  };
}

/** A number, whole or not. */
export function number(min: number, max: number): Kind<number> {
  const allowed = `a number from ${min} to ${max}`;
  return {
    allowed,
    read(value) {
      if (typeof value !== "number") wrongKind(allowed, value);
      return value >= min && value <= max ? value : wrongValue(allowed, String(value));
    },
    good: [min, (min + max) / 2, max],
    wrongKinds: [...OBJECTS, "1", 1n, true, Object(min)],
    wrongValues: [min - 1, max + 1, NaN, Infinity, -Infinity],
  };
}

/** A time in milliseconds; a fraction is allowed, and Infinity is for ever. */
export function milliseconds(min: number): Kind<number> {
  const allowed = `a number of milliseconds from ${min}, or Infinity`;
  return {
    allowed,
    read(value) {
      if (typeof value !== "number") wrongKind(allowed, value);
      return value >= min ? value : wrongValue(allowed, String(value));
    },
    good: [min, min + 0.5, 2 ** 40, Infinity],
    wrongKinds: [...OBJECTS, "1000", 1000n, true, Object(1000)],
    wrongValues: [min - 1, NaN, -Infinity],
  };
}

/** What is told of a text that cannot be used. */
export interface TextLimits {
  /** What it is, such as "a text". */
  what?: string;
  /** Fewest bytes of UTF-8. */
  min?: number;
  /** Most bytes of UTF-8. */
  max?: number;
}

/** A text without a zero byte, at which C would cut it off. */
export function text({ what = "a text", min = 1, max = Infinity }: TextLimits = {}): Kind<string> {
  const bytes = max === Infinity ? "" : ` of ${min} to ${max} bytes`;
  const empty = max === Infinity && min > 0 ? " that is not empty" : "";
  const allowed = `${what}${bytes}${empty}`;
  const length = (value: string) => new TextEncoder().encode(value).length;
  return {
    allowed,
    read(value) {
      if (typeof value !== "string") wrongKind(allowed, value);
      if (value.includes("\0")) throw new Misfit(true, "must not hold a zero byte");
      if (!value.isWellFormed()) throw new Misfit(true, "must be well-formed Unicode");
      const bytes = length(value);
      return bytes >= min && bytes <= max ? value : wrongValue(allowed, `${bytes} bytes`);
    },
    good: [],
    wrongKinds: [...OBJECTS, 1, true, new Uint8Array(2), Object("text")],
    wrongValues: [
      "a\0b",
      "\0",
      "a\ud800",
      ...(min > 0 ? [""] : []),
      ...(max < 10_000 ? ["x".repeat(max + 1)] : []),
    ],
  };
}

function hostOf(text: string): Host {
  try {
    return parseHost(text);
  } catch (error) {
    throw new Misfit(true, (error as Error).message);
  }
}

/**
 * A host name or an address.
 *
 * @param form what is made of it
 */
export function hostText(form: (host: Host) => string): Kind<string> {
  const allowed = "a host name or an address";
  return {
    allowed,
    read(value) {
      return typeof value === "string" ? form(hostOf(value)) : wrongKind(allowed, value);
    },
    good: ["localhost", "localhost.", "127.0.0.1", "::1", "[::1]"].map((good) =>
      form(parseHost(good))
    ),
    wrongKinds: [...OBJECTS, 1, true],
    wrongValues: ["", "a b", "a\0b", "host:1", "https://host", "256.1.1.1", "::1::", "[host]"],
  };
}

/** An address, not a name; its canonical text. */
export function ipAddress(): Kind<string> {
  const allowed = "an IPv4 or IPv6 address";
  const { wrongKinds, wrongValues } = hostText(({ text }) => text);
  return {
    allowed,
    read(value) {
      if (typeof value !== "string") wrongKind(allowed, value);
      const { kind, text } = hostOf(value);
      return kind === "name" ? wrongValue(allowed, "a name") : text;
    },
    good: ["127.0.0.1"],
    wrongKinds,
    wrongValues: [...wrongValues, "localhost"],
  };
}

/**
 * What other functions can be told and this one cannot: whoever tries is told why.
 *
 * @param why follows the setting's name, such as "cannot be chosen on TCP: ..."
 */
export function refused(why: string): Kind<never> {
  return {
    allowed: why,
    isRefused: true,
    read() {
      throw new Misfit(false, why);
    },
    good: [],
    wrongKinds: [...OBJECTS, 0, 1, "text", true, false],
    wrongValues: [],
  };
}

/** One of several words. */
export function oneOf<const T extends string>(words: readonly T[]): Kind<T> {
  const quoted = words.map((word) => `"${word}"`);
  const allowed = `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
  return {
    allowed,
    read(value) {
      if (typeof value !== "string") wrongKind(allowed, value);
      const word = words.find((word) => word === value);
      return word ?? wrongValue(allowed, visible(JSON.stringify(value.slice(0, 40))));
    },
    good: words,
    wrongKinds: [...OBJECTS, 1, 0, true, false, Object(words[0])],
    wrongValues: ["", `${words[0]} `, words[0]!.toUpperCase() + "!", "__proto__", "\0"],
  };
}

/** True or false, and nothing that is taken for it. */
export function flag(): Kind<boolean> {
  const allowed = "true or false";
  return {
    allowed,
    read: (value) => typeof value === "boolean" ? value : wrongKind(allowed, value),
    good: [true, false],
    wrongKinds: [...OBJECTS, 0, 1, "true", "false", "", Object(false)],
    wrongValues: [],
  };
}

// deno-lint-ignore no-explicit-any -- any function of the program's
type AnyFunction = (...args: any[]) => unknown;

/** A function; what it returns is looked at when it is called. */
export function callback<T extends AnyFunction>(): Kind<T> {
  const allowed = "a function";
  return {
    allowed,
    read: (value) => typeof value === "function" ? value as T : wrongKind(allowed, value),
    good: [],
    wrongKinds: [null, {}, [], "f", 1, true, Promise.resolve()],
    wrongValues: [],
  };
}

/** Of one kind, or a function that returns such a value when it is called for it. */
export function orFunction<T, F extends AnyFunction>(kind: Kind<T>): Kind<T | F> {
  const allowed = `${kind.allowed}, or a function`;
  return {
    ...kind,
    allowed,
    read: (value) => typeof value === "function" ? value as F : kind.read(value),
    wrongKinds: kind.wrongKinds.filter((wrong) => typeof wrong !== "function"),
  };
}

/**
 * An object of a class.
 *
 * @param name the class's
 * @param isOpen whether it can still be used; it looks at a private field, which only what the class
 * has made itself has, whatever `instanceof` says
 */
export function instance<T>(
  name: string,
  type: abstract new (...args: never[]) => T,
  isOpen: (value: T) => boolean,
): Kind<T> {
  const allowed = `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
  const look = (value: T) => {
    try {
      return isOpen(value);
    } catch {
      return wrongKind(allowed, value);
    }
  };
  return {
    allowed,
    read(value) {
      if (!(value instanceof type)) wrongKind(allowed, value);
      if (!look(value)) throw new Misfit(false, "is closed");
      return value;
    },
    good: [],
    wrongKinds: [...OBJECTS, 1, "text", true, Object.create(type.prototype), type],
    wrongValues: [],
  };
}

/** Bytes as any view or an ArrayBuffer; they are copied. */
export function byteString(min: number, max: number): Kind<Uint8Array<ArrayBuffer>> {
  const allowed = `an ArrayBuffer or a view of one with ${min} to ${max} bytes`;
  return {
    allowed,
    read(value) {
      const bytes = viewOf(value);
      if (!bytes) wrongKind(allowed, value);
      const { length } = bytes;
      return length >= min && length <= max
        ? new Uint8Array(bytes)
        : wrongValue(allowed, `${length} bytes`);
    },
    good: [new Uint8Array(min).fill(1), new Uint8Array(Math.min(max, 10_000)).fill(1)],
    wrongKinds: [...OBJECTS, "secret", 16, [1, 2, 3], true, ...detached(Math.max(min, 1))],
    wrongValues: [
      ...(min > 0 ? [new Uint8Array(min - 1), new ArrayBuffer(min - 1)] : []),
      ...(max < 10_000 ? [new Uint8Array(max + 1)] : []),
    ],
  };
}

/** A list, each entry of one kind; it is copied. */
export function listOf<T>(kind: Kind<T>, min = 0): Kind<readonly T[]> {
  const allowed = `an array, each entry ${kind.allowed}`;
  return {
    allowed,
    read(value) {
      if (!Array.isArray(value)) wrongKind(allowed, value);
      if (value.length < min) throw new Misfit(true, `must have ${min} entries at least`);
      // Not map(), which passes over holes.
      return Array.from(value as unknown[], (entry, i) => {
        try {
          return kind.read(entry);
        } catch (error) {
          throw error instanceof Misfit ? error.at(`[${i}]`) : error;
        }
      });
    },
    good: [...(min > 0 ? [] : [[]]), kind.good],
    wrongKinds: [
      null,
      {},
      "text",
      1,
      true,
      new Set(),
      { length: 1 },
      // deno-lint-ignore no-sparse-arrays -- a hole is what is refused
      [,],
      ...kind.wrongKinds.map((wrong) => [wrong]),
    ],
    wrongValues: [...(min > 0 ? [[]] : []), ...kind.wrongValues.map((wrong) => [wrong])],
  };
}

/** Bytes whose memory was given away, in each form; for tests. */
export function detached(length: number): BufferSource[] {
  const forms = [
    new Uint8Array(length),
    new DataView(new ArrayBuffer(length)),
    new ArrayBuffer(length),
  ];
  for (const one of forms) (ArrayBuffer.isView(one) ? one.buffer : one).transfer();
  return forms;
}

/** The bytes that a BufferSource stands for, not copied; null where it is none, or none any more. */
export function viewOf(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (isDetached(value)) return null;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
}

/**
 * Whether it is a Uint8Array itself, neither a kind of it nor something that says so, and not empty:
 * most are, and this is asked with every message.
 */
function isPlain(value: unknown): value is Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(value) || value.constructor !== Uint8Array) return false;
  return (value as ArrayBufferView).byteLength > 0;
}

/**
 * The bytes of what a program sends: any BufferSource as what it is, not copied.
 *
 * @param name of the argument, for the error
 * @throws {TypeError} where it is none: a text, say, would be sent as zero bytes
 */
export function bytesOf(value: unknown, name: string): Uint8Array<ArrayBuffer> {
  if (isPlain(value)) return value;
  const bytes = viewOf(value);
  if (bytes) return bytes;
  throw new TypeError(
    `${name} must be an ArrayBuffer or a view of one such as a Uint8Array, not ${show(value)}`,
  );
}

/**
 * Checks memory that a program lends for what is received: a Uint8Array, or nothing.
 *
 * @throws {TypeError} where it is anything else
 */
export function checkInto(into: unknown): void {
  if (into === undefined || isPlain(into)) return;
  if (ArrayBuffer.isView(into) && into instanceof Uint8Array && !isDetached(into)) return;
  throw new TypeError(`into must be a Uint8Array, not ${show(into)}`);
}

/**
 * Checks how long a program wants to wait.
 *
 * @throws {TypeError} where it is no number
 * @throws {RangeError} where it is negative or NaN
 */
export function checkWait(timeoutMs: unknown): void {
  if (timeoutMs === undefined) return;
  if (typeof timeoutMs !== "number") {
    throw new TypeError(`timeoutMs must be ${WAIT.allowed}, not ${show(timeoutMs)}`);
  }
  if (timeoutMs >= 0) return;
  throw new RangeError(`timeoutMs must be ${WAIT.allowed}, not ${timeoutMs}`);
}

const WAIT = milliseconds(0);
