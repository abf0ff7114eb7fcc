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
import { describe, UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag, many, oneOf, option, text, wholeNumber } from "../common/cli/option_kinds.ts";
import { DEFAULT_KEY_TYPE, KEY_TYPES } from "./key_types.ts";
import { MAX_DAYS } from "../common/pem/kinds.ts";
import { ensureCertificates } from "./ensure.ts";
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

const OPTIONS = {
  dir: text("DIR", "folder for the files", DEFAULT_CERTS),
  key: {
    ...oneOf(KEY_TYPES, `kind of the keys: ${KEY_TYPES.join(", ")}`, undefined),
    value: "TYPE",
  },
  days: wholeNumber([1, MAX_DAYS], "lifetime in days", undefined),
  name: many(option("NAME", "one more name or IP address of the server", "", readName)),
  profile: text(
    "FILE",
    "YAML of names and times (default: the profile.yaml beside this script)",
    undefined,
  ),
  "key-passphrase-file": text(
    "FILE",
    "its first line is the passphrase of the private keys that are there",
    null,
  ),
  force: flag("make all anew, if all that is there was made here"),
  quiet: flag("print nothing but errors"),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Makes the certificates for TLS and DTLS: an authority, a server, a client.",
  starts: "deno task certs",
  about: `Files: ${Object.values(FILES).join(", ")}.

If none of them is there, all five are made. Files that are there are checked and kept; if they do
not fit (they have expired, lack a name, or do not belong together), the command says so and fails.
New keys are ${DEFAULT_KEY_TYPE} and new certificates are valid for as long as the profile says
(${BUILT_IN_PROFILE.validityDays} days), if --key and --days do not say otherwise.

--force makes all five anew: the authority's private key is not kept, so nothing more can be signed
with it. Files that were not made here, or were changed since, are never replaced:
made-by-netpairs.json beside them has the digests of what was made.

The server's names are the profile's, this machine's host name, and those given with --name. Ed25519
keys are for TLS only: DTLS 1.2 has no cipher suite for them in OpenSSL.`,
  options: OPTIONS,
  examples: [
    "deno task certs --name server.example --name 192.0.2.1",
    "deno task certs --key ed25519 --days 30 --force",
  ],
  elsewhere:
    "deno run --allow-read=.,DIR --allow-write=.,DIR --allow-sys=hostname certs/generate.ts",
  permissions: {
    "--allow-read": "certificates and profile",
    "--allow-write": "certificates",
    "--allow-sys=hostname": "this machine's host name, for the server's certificate",
  },
};

/**
 * The command.
 *
 * @param args its command line
 * @returns its exit code
 */
export function main(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values }) => {
    const { dir, key: keyType, days, name: extraNames, profile, force, quiet } = values;
    const keyPassphrase = await readPassphrase(values.keyPassphraseFile);
    const options = { dir, keyType, days, extraNames, profile, force, keyPassphrase };
    const { summary } = await ensureCertificates(options);
    if (!quiet) print(`${summary}\n`);
  });
}

function readName(text: string, option: string): string {
  try {
    parseName(text);
    return text;
  } catch (cause) {
    throw new UsageError(`${option}: ${describe(cause)}`, { cause });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
