/**
 * The profile: what stands in the certificates and for how long they are valid.
 *
 * @module
 */
import { describe, UsageError } from "../common/errors.ts";
import { fromFileUrl, parseYaml } from "../common/std.ts";
import { parseName } from "./names.ts";

/** What goes into the certificates; certs/profile.yaml says what each value means. */
export interface Profile {
  /** Organisation in every subject. */
  readonly organization: string;
  /** Lifetime in days. */
  readonly validityDays: number;
  /** Days before the end from which it is said that certificates end soon. */
  readonly renewBeforeDays: number;
  /** Minutes by which the start of the lifetime lies in the past. */
  readonly clockSkewMinutes: number;
  readonly ca: { readonly commonName: string };
  /** `names`: DNS names and IP addresses for the subjectAltName extension. */
  readonly server: { readonly commonName: string; readonly names: readonly string[] };
  readonly client: { readonly commonName: string };
}

/** The values of certs/profile.yaml, for where that file is not at hand. */
export const BUILT_IN_PROFILE: Profile = {
  organization: "netpairs",
  validityDays: 365,
  renewBeforeDays: 7,
  clockSkewMinutes: 60,
  ca: { commonName: "netpairs CA" },
  server: { commonName: "netpairs server", names: ["localhost", "127.0.0.1", "::1"] },
  client: { commonName: "netpairs client" },
};

/** Longest lifetime that may be asked for, in days. */
export const MAX_DAYS = 3650;

/** Longest common name and organisation in characters: RFC 5280 appendix A.1, ub-common-name. */
const MAX_TEXT_LENGTH = 64;

const MINUTES_PER_DAY = 1440;

/**
 * Reads a profile. Keys it leaves out take their built-in values.
 *
 * @param file path of a YAML file. Without it, the profile.yaml beside this module is read, and
 * where that is missing (in a compiled program) or may not be read, the built-in values are taken.
 * @throws {UsageError} where a named file cannot be read, or a profile has a wrong key or value
 */
export async function readProfile(file?: string): Promise<Profile> {
  if (file !== undefined) return parseProfile(await readNamedFile(file), file);
  const beside = new URL("profile.yaml", import.meta.url);
  if (beside.protocol !== "file:") return BUILT_IN_PROFILE;
  const path = fromFileUrl(beside);
  const text = await readIfPossible(path);
  return text === undefined ? BUILT_IN_PROFILE : parseProfile(text, path);
}

/**
 * Reads a profile from the text of a YAML document.
 *
 * @param source what to call the document in an error
 * @throws {UsageError} naming the source and the key that is wrong
 */
export function parseProfile(text: string, source: string): Profile {
  try {
    return readDocument(parseYaml(text), "");
  } catch (cause) {
    throw new UsageError(`Cannot use the profile ${source}: ${describe(cause)}`, { cause });
  }
}

/**
 * Checks a lifetime.
 *
 * @param what its name in an error
 * @returns the same number
 * @throws {RangeError} where it is not a whole number of days from 1 to {@linkcode MAX_DAYS}
 */
export function checkDays(days: unknown, what: string): number {
  return wholeNumber(1, MAX_DAYS)(days, what);
}

async function readNamedFile(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    throw new UsageError(`Cannot read the profile ${file}: ${describe(cause)}`, { cause });
  }
}

/** Asks for the permission first: a library must not make Deno prompt for a file of its own. */
async function readIfPossible(path: string): Promise<string | undefined> {
  const permission = await Deno.permissions.query({ name: "read", path });
  if (permission.state !== "granted") return undefined;
  try {
    return await readNamedFile(path);
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Turns a value of the document into a value of the profile; `key` is its place, for errors. */
type Reader<T> = (value: unknown, key: string) => T;

const readDocument = mapping<Profile>({
  organization: shortText,
  validityDays: checkDays,
  renewBeforeDays: wholeNumber(0, MAX_DAYS),
  clockSkewMinutes: wholeNumber(0, MINUTES_PER_DAY),
  ca: mapping({ commonName: shortText }, BUILT_IN_PROFILE.ca),
  server: mapping({ commonName: shortText, names: nameList }, BUILT_IN_PROFILE.server),
  client: mapping({ commonName: shortText }, BUILT_IN_PROFILE.client),
}, BUILT_IN_PROFILE);

function mapping<T extends object>(
  readers: { readonly [K in keyof T]: Reader<T[K]> },
  builtIn: T,
): Reader<T> {
  const known = Object.keys(readers) as (keyof T & string)[];
  return (value, key) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new RangeError(`${key || "the document"} must be a mapping of ${known.join(", ")}`);
    }
    const place = (name: string) => key ? `${key}.${name}` : name;
    for (const name of Object.keys(value)) {
      if (known.some((one) => one === name)) continue;
      throw new RangeError(
        `unknown key "${place(name)}", known are ${known.map(place).join(", ")}`,
      );
    }
    const result: { -readonly [K in keyof T]: T[K] } = { ...builtIn };
    const given = new Map<string, unknown>(Object.entries(value));
    for (const name of known) {
      if (given.has(name)) result[name] = readers[name](given.get(name), place(name));
    }
    return result;
  };
}

function wholeNumber(min: number, max: number): Reader<number> {
  return (value, key) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw new RangeError(`${key} must be a whole number from ${min} to ${max}, not ${show(value)}`);
  };
}

function shortText(value: unknown, key: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is refused
  if (typeof value === "string" && /^[^\x00-\x1f\x7f]+$/.test(value) && value.trim() === value) {
    if (value.length <= MAX_TEXT_LENGTH) return value;
  }
  throw new RangeError(`${key} must be 1 to ${MAX_TEXT_LENGTH} characters, not ${show(value)}`);
}

function nameList(value: unknown, key: string): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new RangeError(`${key} must be a list of names, not ${show(value)}`);
  }
  return value.map((name: unknown) => {
    if (typeof name !== "string") throw new RangeError(`${key}: ${show(name)} is not a name`);
    try {
      parseName(name);
    } catch (error) {
      throw new RangeError(`${key}: ${describe(error)}`, { cause: error });
    }
    return name;
  });
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
