/**
 * The certificates a pair shows and trusts, read once for a whole run.
 *
 * @module
 */
import { describe, RunError, UsageError } from "../base/errors.ts";
import { type CredentialNames, type Credentials, readCredentials } from "./credentials.ts";
import { PemError } from "./errors.ts";
import type { Role } from "../model/protocol.ts";
import { join } from "../base/std.ts";
import { commandLine } from "../base/program.ts";
import { setupStep } from "../base/setup_steps.ts";

/** Folder of the certificates, where nothing else is said: apart from this project's own files. */
export const DEFAULT_CERTS = "certs/pem";

/** Names of the files in it. */
export const FILES = {
  ca: "ca.pem",
  serverCert: "server-cert.pem",
  serverKey: "server-key.pem",
  clientCert: "client-cert.pem",
  clientKey: "client-key.pem",
} as const;

/** Names of one end's own two. */
export function ownFiles(role: Role): { cert: string; key: string } {
  return { cert: FILES[`${role}Cert`], key: FILES[`${role}Key`] };
}

/** Where a pair's certificates are. */
export interface CertificateFiles {
  /** The folder. */
  readonly certs: string;
  /** File whose first line opens the private key, where that is encrypted; null for none. */
  readonly keyPassphraseFile: string | null;
  /** The server's name or address, for a hint: whether it is this machine. */
  readonly hostname?: string;
}

/** What one end needs for mutual authentication, PEM. */
export interface Certificates {
  /** Authorities the peer's certificate may come from, each for itself. */
  caCerts: string[];
  /** Own certificate, with its chain. */
  cert: string;
  /** Own private key, not encrypted. */
  key: string;
}

/**
 * Reads ca.pem and the role's certificate and key.
 *
 * @throws {RunError} naming the file that is missing, cannot be read or cannot be used
 * @throws {UsageError} where the file with the passphrase cannot be read
 */
export async function loadCertificates(files: CertificateFiles, role: Role): Promise<Certificates> {
  const { caCerts, chain, key } = await readCertificateFiles(files, role);
  return {
    caCerts: caCerts.map(({ pem }) => pem),
    cert: chain.map(({ pem }) => pem).join(""),
    key: key?.pem ?? "",
  };
}

/** The same, as it was read. */
export function readCertificateFiles(files: CertificateFiles, role: Role): Promise<Credentials> {
  return setupStep("load", () => readAndCheck(files, role));
}

async function readAndCheck(
  { certs, keyPassphraseFile, hostname }: CertificateFiles,
  role: Role,
): Promise<Credentials> {
  const own = ownFiles(role);
  const [ca, cert, key] = [join(certs, FILES.ca), join(certs, own.cert), join(certs, own.key)];
  const keyPassphrase = await readPassphrase(keyPassphraseFile);
  // One after the other, so that of several missing ones always the same is named.
  const isServerElsewhere = role === "client" && hostname !== undefined && !isLoopback(hostname);
  const hint = isServerElsewhere ? copyHint(certs) : makeHint(certs);
  const caBytes = await readFile(ca, hint);
  const certBytes = await readFile(cert, hint);
  const keyBytes = await readFile(key, hint);
  const names: CredentialNames = {
    caCerts: () => ca,
    cert,
    key,
    passphrase: {
      missing: "name the file with its passphrase: --key-passphrase-file FILE",
      wrong: `the first line of ${keyPassphraseFile} does not open it`,
    },
  };
  const input = { caCerts: [caBytes], cert: certBytes, key: keyBytes, keyPassphrase };
  try {
    return readCredentials(input, names);
  } catch (cause) {
    if (!(cause instanceof PemError)) throw cause;
    throw new RunError(`cannot use ${cause.source}: ${cause.problem}`, { cause });
  }
}

/**
 * Reads the passphrase of a private key: the first line of a file.
 *
 * @param path null for none
 * @throws {UsageError} where it cannot be read, or has nothing in its first line
 */
export async function readPassphrase(path: string | null): Promise<string | undefined> {
  if (path === null) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    // The passphrase itself may stand there by mistake: the name is not repeated.
    if (cause instanceof Deno.errors.NotCapable) {
      throw new RunError("permission missing: --key-passphrase-file; run again with --allow-read");
    }
    throw new UsageError(`--key-passphrase-file: ${describe(cause)}; the name of a file is wanted`);
  }
  // Deno.readTextFile takes a byte order mark for a character.
  const [line = ""] = text.replace(/^\uFEFF/, "").split(/\r\n|[\r\n]/, 1);
  if (line !== "") return line;
  throw new UsageError(`--key-passphrase-file ${path}: its first line is empty`);
}

async function readFile(path: string, hint: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(`cannot read ${path}: ${describe(cause)}; ${hint}`, { cause });
  }
}

function makeHint(dir: string): string {
  const folder = dir === DEFAULT_CERTS ? "" : ` --dir ${dir}`;
  return `put it there, or make certificates with: ${commandLine("certs")}${folder}`;
}

/** Certificates that are made here are from an authority that the server's machine does not know. */
function copyHint(dir: string): string {
  const here = dir === DEFAULT_CERTS ? "" : ` to ${dir}`;
  return `copy the folder ${DEFAULT_CERTS} of the server's machine${here}`;
}

/** Whether it is certain that a host is this machine. */
function isLoopback(hostname: string): boolean {
  return /^(127\.[0-9.]+|::1|0\.0\.0\.0|::|(.*\.)?localhost\.?)$/i.test(hostname);
}
