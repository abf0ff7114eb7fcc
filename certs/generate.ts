/**
 * Makes the test certificates of all pairs: an authority, a server and a client.
 *
 * The authority's private key is never written down. So no further certificates can be signed in
 * its name, by any reader of the directory; the price is that all three certificates are made anew
 * together as soon as one of them has to be.
 *
 *     deno run --allow-read --allow-write --allow-sys=hostname certs/generate.ts --help
 *
 * @module
 */
import { DEFAULT_CERTS, FILES, readPassphrase } from "../common/pem/certificate_files.ts";
import { describe, EXIT, reportError, UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { parseArgs } from "../common/base/std.ts";
import { shownWord } from "../common/base/visible.ts";
import { DEFAULT_KEY_TYPE, KEY_TYPES, type KeyType } from "./key_types.ts";
import { MAX_DAYS } from "./kinds.ts";
import { ensureCertificates } from "./ensure.ts";
import type { EnsureOptions } from "./options.ts";
import { parseName } from "../common/pem/names.ts";
import { BUILT_IN_PROFILE } from "./profile.ts";

export { Authority, generateCertificates } from "./authority.ts";
export { KEY_TYPES, type KeyType } from "./key_types.ts";
export type { CertificatePair, CertificateSet } from "./authority.ts";
export type {
  AuthorityOptions,
  EnsureOptions,
  GenerateOptions,
  IssueOptions,
  Validity,
} from "./options.ts";
export { ensureCertificates } from "./ensure.ts";
export type { EnsureResult } from "./ensure.ts";
export type { Profile } from "./profile.ts";

/**
 * The command.
 *
 * @param words its command line
 * @returns its exit code
 */
export async function main(words: string[]): Promise<number> {
  try {
    const { help, quiet, passphraseFile, ...options } = parseWords(words);
    if (help) {
      print(`${HELP}\n`);
      return EXIT.complete;
    }
    const { summary } = await ensureCertificates({
      ...options,
      keyPassphrase: await readPassphrase(passphraseFile),
    });
    if (!quiet) print(`${summary}\n`);
    return EXIT.complete;
  } catch (error) {
    return reportError(error);
  }
}

const HELP = `Makes the certificates for TLS and DTLS: an authority, a server, a client.

  deno run --allow-read --allow-write --allow-sys=hostname certs/generate.ts [words]

  --dir DIR        directory for the files, default ${DEFAULT_CERTS}
  --key TYPE       kind of the keys: ${KEY_TYPES.join(", ")}; default ${DEFAULT_KEY_TYPE}
  --days N         lifetime in days, 1 to ${MAX_DAYS}, default ${BUILT_IN_PROFILE.validityDays}
                   (the profile's)
  --name NAME      one more DNS name or IP address of the server; may stand several times
  --profile FILE   subjects, names and times, default the profile.yaml beside this script
  --key-passphrase-file FILE   first line: the passphrase of keys that are there
  --force          make all anew, where all that is there was made here
  --quiet          print nothing but errors
  --help           this text

Files: ${Object.values(FILES).join(", ")}.
Makes all five where none of them is there. What is there is looked at and kept; where it does not
fit (it has expired, lacks a name, or does not belong together), the command says so and ends with
exit code 1. What was made here is made anew with --force: all five, as the authority's private key
is not kept, so that no more can be signed with it. Files that were not made here, or were changed
since, are never replaced: made-by-netpairs.json beside them has the digests of what was made.
The server's names are the profile's, this machine's host name (with --allow-sys=hostname), and
those given with --name. Ed25519 keys are for TLS alone: OpenSSL 3 takes none on DTLS.

Examples:
  certs/generate.ts --name server.example --name 192.0.2.1
  certs/generate.ts --key ed25519 --days 30 --force

Exit codes: 0 complete, 1 failed, 2 wrong words.`;

interface Words extends EnsureOptions {
  passphraseFile: string | null;
  help: boolean;
  quiet: boolean;
}

const SWITCHES = ["force", "quiet", "help"];
const VALUES = ["dir", "key", "days", "name", "profile", "key-passphrase-file"];

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
    passphraseFile: valueOf(parsed, "key-passphrase-file") ?? null,
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
  throw new UsageError(`unknown word "${shownWord(word)}"; allowed are ${allowed}`);
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
  throw new UsageError(`--key must be one of ${KEY_TYPES.join(", ")}, not "${shownWord(text)}"`);
}

function daysFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const days = /^\d+$/.test(text) ? Number(text) : NaN;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new UsageError(
    `--days must be a whole number from 1 to ${MAX_DAYS}, not "${shownWord(text)}"`,
  );
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

if (import.meta.main) Deno.exit(await main(Deno.args));
