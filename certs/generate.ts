/**
 * Makes the test certificates of all pairs: an authority, a server and a client.
 *
 * The authority's private key is never written down. So nobody can sign further certificates in
 * its name, whoever reads the directory; the price is that all three certificates are made anew
 * together as soon as one of them has to be.
 *
 *     deno run --allow-read --allow-write --allow-sys=hostname certs/generate.ts --help
 *
 * @module
 */
import { describe, EXIT, reportError, RunError, UsageError } from "../common/errors.ts";
import { parseArgs } from "../common/std.ts";
import { generateCertificates, KEY_TYPES, type KeyType } from "./authority.ts";
import { inspectCertificates, type Verdict, type Wanted } from "./inspect.ts";
import { ownHostNames, parseName, parseNames } from "./names.ts";
import { BUILT_IN_PROFILE, checkDays, MAX_DAYS, readProfile } from "./profile.ts";
import { FILES, lockDirectory, readCertificates, writeCertificates } from "./store.ts";

export { Authority, generateCertificates, KEY_TYPES } from "./authority.ts";
export type {
  CertificatePair,
  CertificateSet,
  GenerateOptions,
  IssueOptions,
  KeyType,
  Validity,
} from "./authority.ts";
export type { Profile } from "./profile.ts";

/** What {@linkcode ensureCertificates} is told. */
export interface EnsureOptions {
  /** Directory for the files; made if it is not there. Default `certs`. */
  dir?: string;
  /** Path of a profile. Default: the profile.yaml beside this module. */
  profile?: string;
  /** DNS names and IP addresses of the server, besides the profile's and the host name. */
  extraNames?: readonly string[];
  /** Kind of the keys. Without it any kind is kept, and `p256` is made. */
  keyType?: KeyType;
  /** Lifetime in days of what is made; does not end the life of what is there. */
  days?: number;
  /** Makes all anew, whatever is there. Default false. */
  force?: boolean;
}

/** What {@linkcode ensureCertificates} has done. */
export interface EnsureResult {
  /** False where everything could be kept. */
  made: boolean;
  /** The directory the files are in, as it was named. */
  dir: string;
  /** The same in one line, for people. */
  summary: string;
}

const DEFAULT_DIR = "certs";
const DEFAULT_KEY_TYPE: KeyType = "p256";

/**
 * Sees to it that a directory holds certificates that can be used: `ca.pem`, `server-cert.pem`,
 * `server-key.pem`, `client-cert.pem`, `client-key.pem`. Keeps them where all five parse, belong
 * together, are valid for long enough, for all the names and with the wanted kind of key;
 * otherwise replaces all five. Several processes may call it at the same time.
 *
 * Needs permission to read the directory, and to write to it where something is to be made. The
 * host name is a wanted name only with `--allow-sys=hostname`; Deno does not prompt for it.
 *
 * @throws {UsageError} where the profile cannot be used
 * @throws {RangeError} where a name or the number of days is wrong
 * @throws {RunError} where the directory cannot be read or written
 */
export async function ensureCertificates(options: EnsureOptions = {}): Promise<EnsureResult> {
  const { dir = DEFAULT_DIR, keyType, force = false } = options;
  const profile = await readProfile(options.profile);
  const days = checkDays(options.days ?? profile.validityDays, "days");
  const texts = [
    ...profile.server.names,
    ...await ownHostNames(),
    ...options.extraNames ?? [],
  ];
  const names = parseNames(texts);
  const wanted = { names, keyType, renewBeforeDays: profile.renewBeforeDays };
  const before = await inspectDirectory(dir, wanted, force);
  if (before.keep) return kept(dir, before);
  try {
    using _lock = await lockDirectory(dir);
    // Another process may have made them while this one waited.
    const verdict = await inspectDirectory(dir, wanted, force);
    if (verdict.keep) return kept(dir, verdict);
    const set = await generateCertificates({ keyType, names: texts, days, profile });
    await writeCertificates(dir, set);
    const list = names.map(({ value }) => value).join(", ");
    const what = `made for ${count(days, "day")} (${keyType ?? DEFAULT_KEY_TYPE}, for ${list})`;
    const summary = `${dir}: ${what}: ${verdict.reason}`;
    return { made: true, dir, summary };
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError(`Cannot write certificates to ${dir}: ${describe(cause)}`, { cause });
  }
}

/**
 * The command.
 *
 * @param words its command line
 * @returns its exit code
 */
export async function main(words: string[]): Promise<number> {
  try {
    const { help, quiet, ...options } = parseWords(words);
    if (help) {
      console.log(HELP);
      return EXIT.complete;
    }
    const { summary } = await ensureCertificates(options);
    if (!quiet) console.log(summary);
    return EXIT.complete;
  } catch (error) {
    return reportError(error);
  }
}

async function inspectDirectory(dir: string, wanted: Wanted, force: boolean): Promise<Verdict> {
  if (force) return { keep: false, reason: "anew on request" };
  const found = await readCertificates(dir);
  if ("missing" in found) return { keep: false, reason: `${found.missing} was missing` };
  return await inspectCertificates(found.set, wanted, FILES);
}

function kept(dir: string, { notAfter }: { notAfter: Date }): EnsureResult {
  const summary = `${dir}: kept, all is valid until ${notAfter.toISOString()}`;
  return { made: false, dir, summary };
}

const HELP = `Makes the certificates for TLS and DTLS: an authority, a server, a client.

  deno run --allow-read --allow-write --allow-sys=hostname certs/generate.ts [words]

  --dir DIR        directory for the files, default ${DEFAULT_DIR}
  --key TYPE       kind of the keys: ${KEY_TYPES.join(", ")}; default ${DEFAULT_KEY_TYPE}
  --days N         lifetime in days, 1 to ${MAX_DAYS}, default ${BUILT_IN_PROFILE.validityDays}
                   (the profile's)
  --name NAME      one more DNS name or IP address of the server; may stand several times
  --profile FILE   subjects, names and times, default the profile.yaml beside this script
  --force          make all anew, whatever is there
  --quiet          print nothing but errors
  --help           this text

Files: ${Object.values(FILES).join(", ")}.
What is there is kept while all five files belong together, are valid for more days than the
profile's renewBeforeDays, and have the names and the kind of key asked for. Otherwise all five are
replaced: the authority's private key is not kept, so that nobody can sign with it later on.
The server's names are the profile's, this machine's host name (with --allow-sys=hostname), and
those given with --name. Ed25519 keys are for TLS alone: OpenSSL 3 takes none on DTLS.

Examples:
  certs/generate.ts --name server.example --name 192.0.2.1
  certs/generate.ts --key ed25519 --days 30 --force`;

interface Words extends EnsureOptions {
  help: boolean;
  quiet: boolean;
}

const SWITCHES = ["force", "quiet", "help"];
const VALUES = ["dir", "key", "days", "name", "profile"];

function parseWords(words: string[]): Words {
  refuseSwitchValues(words);
  const parsed = parseArgs(words, {
    boolean: SWITCHES,
    string: VALUES,
    collect: ["name"],
    unknown: refuseWord,
  });
  const [stray] = parsed._ as unknown[];
  if (stray !== undefined) refuseWord(String(stray));
  const extraNames = parsed.name as string[];
  return {
    dir: valueOf(parsed, "dir"),
    profile: valueOf(parsed, "profile"),
    keyType: keyTypeFrom(valueOf(parsed, "key")),
    days: daysFrom(valueOf(parsed, "days")),
    extraNames: extraNames.map(checkName),
    force: parsed.force === true,
    quiet: parsed.quiet === true,
    help: parsed.help === true,
  };
}

/** `--force=no` and `--force false` would otherwise be read as values. */
function refuseSwitchValues(words: string[]): void {
  for (const [index, word] of words.entries()) {
    const [name, value = words[index + 1]] = word.split("=", 2);
    if (!SWITCHES.some((one) => name === `--${one}`)) continue;
    if (word !== name || value === "true" || value === "false") {
      throw new UsageError(`${name} takes no value`);
    }
  }
}

function refuseWord(word: string): never {
  const allowed = [...VALUES, ...SWITCHES].map((name) => `--${name}`).join(", ");
  throw new UsageError(`unknown word "${word}"; allowed are ${allowed}`);
}

function valueOf(parsed: Record<string, unknown>, name: string): string | undefined {
  const value = parsed[name];
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`--${name} needs a value`);
}

function keyTypeFrom(text: string | undefined): KeyType | undefined {
  if (text === undefined) return undefined;
  const keyType = KEY_TYPES.find((type) => type === text);
  if (keyType) return keyType;
  throw new UsageError(`--key must be one of ${KEY_TYPES.join(", ")}, not "${text}"`);
}

function daysFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = /^\d+$/.test(text) ? Number(text) : NaN;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new UsageError(`--days must be a whole number from 1 to ${MAX_DAYS}, not "${text}"`);
}

function checkName(text: string): string {
  if (text === "") throw new UsageError("--name needs a value");
  try {
    parseName(text);
    return text;
  } catch (cause) {
    throw new UsageError(`--name: ${describe(cause)}`, { cause });
  }
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
