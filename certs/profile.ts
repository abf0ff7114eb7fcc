/**
 * The profile: what stands in the certificates and for how long they are valid.
 *
 * @module
 */
import { describe, UsageError } from "../common/base/errors.ts";
import { fromFileUrl } from "../common/base/std.ts";
import { checkValue, group, setting } from "../common/settings/check.ts";
import type { Kind } from "../common/settings/kind.ts";
import { listOf, wholeNumber } from "../common/settings/kinds.ts";
import { readYaml, refuseUnknownKeys } from "../common/settings/yaml.ts";
import { SUBJECT_TEXT } from "./kinds.ts";
import { DAYS, MAX_DAYS, NAME } from "../common/pem/kinds.ts";

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

const MINUTES_PER_DAY = 1440;

/** What differs from the built-in one. */
type PartialProfile = {
  readonly [Key in keyof Profile]?: Profile[Key] extends object ? Partial<Profile[Key]>
    : Profile[Key];
};

type Named = Partial<Profile["ca"]>;

const { organization, ca, server, client } = BUILT_IN_PROFILE;
const builtIn = "the built-in one";
const commonName = setting(SUBJECT_TEXT, "name of the subject", builtIn);
const NAMED = { commonName };

const PARTIAL = group<PartialProfile>({
  organization: setting(SUBJECT_TEXT, "organisation in every subject", builtIn),
  validityDays: setting(DAYS, "lifetime", builtIn),
  renewBeforeDays: setting(wholeNumber(0, MAX_DAYS), "days that are few", builtIn),
  clockSkewMinutes: setting(wholeNumber(0, MINUTES_PER_DAY), "start in the past", builtIn),
  ca: setting(group<Named>(NAMED, ca), "the authority", builtIn),
  server: setting(
    group<Partial<Profile["server"]>>({
      ...NAMED,
      names: setting(listOf(NAME, 1), "names and addresses", builtIn),
    }, server),
    "the server",
    builtIn,
  ),
  client: setting(group<Named>(NAMED, client), "the client", builtIn),
}, { organization });

/** A profile, or what differs from the built-in one. */
export const PROFILE: Kind<Profile> = {
  ...PARTIAL,
  good: [BUILT_IN_PROFILE],
  // An empty one is all of the built-in one.
  wrongKinds: [null, [], "text", 1, true, { more: 1 }, { server: [] }, { validityDays: "1" }],
  read(value) {
    const read = PARTIAL.read(value);
    return {
      ...BUILT_IN_PROFILE,
      ...read,
      ca: { ...ca, ...read.ca },
      server: { ...server, ...read.server },
      client: { ...client, ...read.client },
    };
  },
};

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
  const action = `use the profile ${source}`;
  const document = readYaml(text, `Cannot ${action}`);
  refuseUnknownKeys(text, document, PARTIAL.fields!, `Cannot ${action}`);
  try {
    return checkValue(PROFILE, document, "the document", action);
  } catch (cause) {
    throw new UsageError(describe(cause), { cause });
  }
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
