/**
 * Checks what a program hands in against a table of settings. `deno run` checks no types: whatever
 * a setting's type says, anything can arrive.
 *
 * @module
 */
import { type Kind, Misfit, show } from "./kind.ts";
import { nearest } from "./nearest.ts";

/** One setting of a table. */
export interface Setting<T> extends Kind<T> {
  /** What it is for, in a line. */
  readonly summary: string;
  /** What holds where it is absent, as the documentation says it; absent where it is required. */
  readonly absent?: string | undefined;
}

/** The settings of one function, by name. */
export type SettingsTable<T> = { readonly [K in keyof T & string]-?: Setting<T[K] | undefined> };

/**
 * Names the settings' kind, purpose and default.
 *
 * @param absent what holds without it; leave it out for a setting that has to be there
 */
export function setting<T>(kind: Kind<T>, summary: string, absent?: string): Setting<T> {
  return { ...kind, summary, absent };
}

/**
 * An object with settings of its own, as one setting's value.
 *
 * @param table its settings
 * @param sample a value that passes; for tests, which put one wrong setting after the other into it
 */
export function group<T extends object>(table: SettingsTable<T>, sample: T): Kind<T> {
  const allowed = `an object with ${Object.keys(table).join(" and ")}`;
  const mayBeEmpty = Object.values<Setting<unknown>>(table).every((one) =>
    one.absent !== undefined
  );
  const each = (pick: "wrongKinds" | "wrongValues") =>
    Object.entries<Setting<unknown>>(table).flatMap(([name, one]) =>
      one[pick].map((wrong) => ({ ...sample, [name]: wrong }))
    );
  return {
    allowed,
    read: (value) => readTable(table, value, allowed),
    fields: table,
    good: [sample],
    wrongKinds: [
      ...[null, [], "text", 1, true, { ...sample, more: 1 }],
      ...(mayBeEmpty ? [] : [{}]),
      ...each("wrongKinds"),
    ],
    wrongValues: each("wrongValues"),
  };
}

/**
 * Reads an object of settings: each value once, so that what was checked is what is used.
 *
 * @param action completes "Cannot ...", such as "connect"
 * @returns the settings that are there, copied
 * @throws {TypeError} naming the setting that is unknown, missing or of the wrong kind
 * @throws {RangeError} naming the setting whose value cannot be used
 *
 * @example
 * ```ts
 * import { wholeNumber } from "./kinds.ts";
 *
 * const table = { port: setting(wholeNumber(1, 65535), "port of the server") };
 * const { port } = checkSettings<{ port: number }>(table, { port: 4433 }, "connect");
 * if (port !== 4433) throw new Error("it is there");
 * ```
 */
export function checkSettings<T extends object>(
  table: SettingsTable<T>,
  value: unknown,
  action: string,
): T {
  return explained(action, () => readTable(table, value, OPTIONS), "the options");
}

/**
 * Reads an object of settings some of which say what the others may be.
 *
 * @param which those that are read first
 * @param rest the table of the others, given what was read
 * @param action completes "Cannot ..."
 * @throws as {@linkcode checkSettings}
 */
export function checkVariant<W extends object, T extends object>(
  which: SettingsTable<W>,
  rest: (which: W) => SettingsTable<T>,
  value: unknown,
  action: string,
): W & T {
  return explained(action, () => {
    const given = asObject(value, OPTIONS);
    const first = readValues(which, given);
    const table = rest(first);
    refuseUnknown({ ...which, ...table }, given);
    return { ...first, ...readValues(table, given) };
  }, "the options");
}

/**
 * Reads one value, such as an argument.
 *
 * @param action completes "Cannot ..."
 * @throws {TypeError} naming the argument, where it is of the wrong kind
 * @throws {RangeError} naming it, where its value cannot be used
 */
export function checkValue<T>(kind: Kind<T>, value: unknown, name: string, action: string): T {
  return explained(action, () => kind.read(value), name);
}

function explained<T>(action: string, read: () => T, name: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { place, text, isRange } = error;
    const where = place.startsWith(".") ? place.slice(1) : `${name}${place}`;
    const message = `Cannot ${action}: ${where} ${text}`;
    throw isRange ? new RangeError(message) : new TypeError(message);
  }
}

const OPTIONS = "an object with settings";

function readTable<T extends object>(table: SettingsTable<T>, value: unknown, allowed: string): T {
  const given = asObject(value, allowed);
  refuseUnknown(table, given);
  return readValues(table, given);
}

/** Not a promise of settings, a Map or the like, whose own keys say nothing: all would be absent. */
function asObject(value: unknown, allowed: string): object {
  const isObject = typeof value === "object" && value !== null &&
    Object.prototype.toString.call(value) === "[object Object]";
  if (!isObject) throw new Misfit(false, `must be ${allowed}, not ${show(value)}`);
  return value;
}

function refuseUnknown(table: object, given: object): void {
  for (const key of Reflect.ownKeys(given)) {
    if (typeof key !== "string" || !Object.hasOwn(table, key)) refuseKey(table, key);
  }
}

function readValues<T extends object>(table: SettingsTable<T>, given: object): T {
  const read: Record<string, unknown> = {};
  for (const [name, one] of Object.entries<Setting<unknown>>(table)) {
    const found = (given as Record<string, unknown>)[name];
    if (found === undefined) {
      if (one.absent !== undefined) continue;
      throw new Misfit(false, `is missing; it must be ${one.allowed}`, `.${name}`);
    }
    try {
      read[name] = one.read(found);
    } catch (error) {
      throw error instanceof Misfit ? error.at(`.${name}`) : error;
    }
  }
  return read as T;
}

function refuseKey(table: object, key: string | symbol): never {
  const name = String(key);
  const hint = hintFor(Object.keys(table), name);
  throw new Misfit(false, `is no setting; ${hint}`, `.${name.slice(0, 60)}`);
}

/** Which name may have been meant by one that is not known, or all that are. */
export function hintFor(names: readonly string[], name: string): string {
  const near = nearest(name, names);
  return near ? `did you mean ${near}?` : `known are ${names.join(", ")}`;
}
