/**
 * Sees to it that there are certificates: makes them where there are none, and looks at those that
 * are there.
 *
 * @module
 */
import { DEFAULT_CERTS, FILES } from "../common/pem/certificate_files.ts";
import { describe, RunError } from "../common/base/errors.ts";
import { commandLine } from "../common/base/program.ts";
import { checkSettings } from "../common/settings/check.ts";
import { resolve } from "../common/base/std.ts";
import { generateCertificates } from "./authority.ts";
import { DEFAULT_KEY_TYPE, type KeyType } from "./key_types.ts";
import { inspectCertificates, namesOf, type Wanted } from "./inspect.ts";
import { ownHostNames, parseNames } from "../common/pem/names.ts";
import { ENDS, ENSURE, type EnsureOptions } from "./options.ts";
import { type Profile, readProfile } from "./profile.ts";
import {
  type Holding,
  lockDirectory,
  notMadeHere,
  readHolding,
  writeCertificates,
} from "./store.ts";

/** What {@linkcode ensureCertificates} has done. */
export interface EnsureResult {
  /** False where what was there fits. */
  made: boolean;
  /** The directory the files are in, as it was named. */
  dir: string;
  /** True where one of the certificates has few days left. */
  endsSoon: boolean;
  /** The same in one line, for people. */
  summary: string;
}

/**
 * Sees to it that a directory holds certificates that can be used: `ca.pem`, `server-cert.pem`,
 * `server-key.pem`, `client-cert.pem`, `client-key.pem`. Makes all five where none of them is there.
 * What is there is looked at: it has to belong together, and to be valid, for the names and with the
 * kind of key that are wanted; a chain in a certificate's file and several authorities are good.
 *
 * Nothing is ever replaced that was not made here, or was changed since: a file beside the five,
 * `made-by-netpairs.json`, has their digests. What was made here is replaced with `force` alone.
 * Several processes may call it at the same time.
 *
 * Needs permission to read the directory, and to write to it where something is to be made. What is
 * made is for the machine's host name, too, with `--allow-sys=hostname`; Deno does not prompt for it.
 *
 * @throws {UsageError} where the profile cannot be used
 * @throws {TypeError} naming an option that is unknown or of the wrong kind
 * @throws {RangeError} naming an option whose value cannot be used
 * @throws {RunError} where what is there does not fit, saying what is wrong and what to do, or the
 * directory cannot be read or written
 */
export async function ensureCertificates(options: EnsureOptions = {}): Promise<EnsureResult> {
  const checked = checkSettings(ENSURE, options, "see to certificates");
  const { dir = DEFAULT_CERTS, force = false, onlyCheck = false } = checked;
  const profile = await readProfile(checked.profile);
  const order = await orderOf(checked, profile);
  const before = await readHolding(dir);
  if (onlyCheck || !isToBeMade(before, force)) return judge(dir, before, order);
  if (before.owner === "user") throw notMadeHere(dir, before);
  try {
    using _lock = await lockDirectory(dir);
    // Another process may have made them while this one waited.
    const holding = await readHolding(dir);
    if (!isToBeMade(holding, force)) return judge(dir, holding, order);
    const { keyType, names, days } = order;
    await writeCertificates(dir, await generateCertificates({ keyType, names, days, profile }));
    const kind = `${keyType ?? DEFAULT_KEY_TYPE}, for ${names.join(", ")}`;
    const summary = `${dir}: made for ${count(days, "day")} (${kind})`;
    return { made: true, dir, endsSoon: false, summary };
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError(`Cannot write certificates to ${dir}: ${describe(cause)}`, { cause });
  }
}

/** What is to be made, and what will do. */
interface Order {
  names: readonly string[];
  days: number;
  keyType: KeyType | undefined;
  wanted: Wanted;
  /** Names that are made without being asked for. */
  usualNames: readonly string[];
}

async function orderOf(options: EnsureOptions, profile: Profile): Promise<Order> {
  const { extraNames = [], keyType, keyPassphrase, roles = ENDS } = options;
  const neededNames = options.neededNames ?? [...profile.server.names, ...extraNames];
  const usualNames = parseNames([...profile.server.names, ...await ownHostNames()]);
  const names = parseNames([...usualNames.map(({ value }) => value), ...extraNames]);
  const { renewBeforeDays } = profile;
  return {
    names: names.map(({ value }) => value),
    days: options.days ?? profile.validityDays,
    keyType,
    wanted: { roles, names: parseNames(neededNames), keyType, renewBeforeDays, keyPassphrase },
    usualNames: usualNames.map(({ value }) => value),
  };
}

/** What was cut off while it was made is made to its end. */
function isToBeMade({ owner, interrupted }: Holding, force: boolean): boolean {
  return owner === "none" || force || interrupted;
}

/** @throws {RunError} where what is there does not fit */
function judge(dir: string, holding: Holding, order: Order): EnsureResult {
  const verdict = inspectCertificates(holding.files, order.wanted);
  const command = renewal(dir, holding, order);
  if (!verdict.fits) {
    const what = holding.owner === "made"
      ? `to make them anew: ${command}`
      : holding.owner === "none"
      ? "copy the folder from the machine where they were made"
      : "they were not made here and are left as they are; mend that, or name another folder";
    throw new RunError(`Cannot use the certificates in ${dir}: ${verdict.reason}; ${what}`);
  }
  const { notAfter, endsSoon } = verdict;
  const soon = !endsSoon
    ? ""
    : holding.owner === "made"
    ? `, which is soon; to make them anew: ${command}`
    : ", which is soon";
  const summary = `${dir}: kept, all is valid until ${notAfter.toISOString()}${soon}`;
  return { made: false, dir, endsSoon, summary };
}

/** The command that makes anew what is there, with the names it has and those it lacks. */
function renewal(dir: string, { files }: Holding, { wanted, usualNames }: Order): string {
  const names = [...namesOf(files.get(FILES.serverCert)), ...wanted.names];
  const more = new Set(
    names.map(({ value }) => value).filter((name) => !usualNames.includes(name)),
  );
  return [
    `${commandLine("certs")} --force`,
    ...(resolve(dir) === resolve(DEFAULT_CERTS) ? [] : ["--dir", quote(dir)]),
    ...(wanted.keyType ? ["--key", wanted.keyType] : []),
    ...[...more].flatMap((name) => ["--name", quote(name)]),
  ].join(" ");
}

/** As a shell takes it for one argument. */
function quote(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
