/**
 * What the tests of this folder share.
 *
 * @module
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { formatPem } from "../pem/blocks.ts";
import { join } from "../base/std.ts";
import { generateCertificates } from "../../certs/authority.ts";
import { parseNames } from "../pem/names.ts";
import { FILES } from "../../certs/store.ts";
import type { Role } from "../model/protocol.ts";

/** Runs with a directory of its own that is gone afterwards. */
export async function withDirectory(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-certs-" });
  try {
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Names of all that is in a directory. */
export function listing(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

/** Every file of a directory, byte for byte, with when it was written. */
export async function snapshot(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of listing(dir)) {
    const path = join(dir, name);
    const { isFile, mtime } = await Deno.stat(path);
    if (isFile) files[name] = `${mtime?.getTime()} ${(await Deno.readFile(path)).toHex()}`;
  }
  return files;
}

/**
 * Writes a set as a user has it who got it from an authority of the company's: without a marker, the
 * server's certificate with its intermediate, several authorities in ca.pem, and CRLF.
 */
export async function writeOwnCertificates(dir: string, names = ["127.0.0.1"]): Promise<void> {
  const { root, chain, server, client } = await companyCertificates(names);
  const other = await generateCertificates();
  const files = {
    [FILES.ca]: `Other CA\n${other.ca}Company CA\n${root}`,
    [FILES.serverCert]: server.cert + chain,
    [FILES.serverKey]: server.key,
    [FILES.clientCert]: client.cert + chain,
    [FILES.clientKey]: client.key,
  };
  await Deno.mkdir(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(dir, name), text.replaceAll("\n", "\r\n"));
  }
}

/** A root, an intermediate that it has signed, and what that has signed. */
async function companyCertificates(names: readonly string[]) {
  const validity = { notBefore: new Date(0), notAfter: new Date("2099-01-01") };
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [rootKeys, keys] = await Promise.all([makeKeys(), makeKeys()]);
  const authority = new x509.BasicConstraintsExtension(true, undefined, true);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: "CN=Company root", keys: rootKeys, signingAlgorithm: algorithm, ...validity },
    extensions: [authority],
  });
  const between = await x509.X509CertificateGenerator.create({
    ...{ subject: "CN=Company issuing", issuer: root.subject, publicKey: keys.publicKey },
    ...{ signingKey: rootKeys.privateKey, signingAlgorithm: algorithm, ...validity },
    extensions: [authority],
  });
  const issue = async (role: Role) => {
    const own = await makeKeys();
    const cert = await x509.X509CertificateGenerator.create({
      ...{ subject: `CN=${role}`, issuer: between.subject, publicKey: own.publicKey },
      ...{ signingKey: keys.privateKey, signingAlgorithm: algorithm, ...validity },
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${role}Auth`]]),
        new x509.SubjectAlternativeNameExtension(parseNames(names).map((name) => ({ ...name }))),
      ],
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", own.privateKey);
    return {
      cert: `${cert.toString("pem")}\n`,
      key: formatPem("PRIVATE KEY", new Uint8Array(pkcs8)),
    };
  };
  const [server, client] = await Promise.all([issue("server"), issue("client")]);
  return {
    root: `${root.toString("pem")}\n`,
    chain: `${between.toString("pem")}\n`,
    server,
    client,
  };
}

/** What a finished command has left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export async function run(command: string, args: string[], cwd?: string): Promise<Finished> {
  const output = await new Deno.Command(command, { args, cwd, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

/**
 * Runs this same Deno. Where it was installed as a package, the `deno` that `--allow-run=deno`
 * permits is a wrapper around it; then the wrapper is run.
 */
export async function runDeno(args: string[]): Promise<Finished> {
  const self = await Deno.permissions.query({ name: "run", command: Deno.execPath() });
  return await run(self.state === "granted" ? Deno.execPath() : "deno", args);
}

/**
 * Runs the openssl command in a directory.
 *
 * @returns undefined, and says so, where there is no such command
 */
export async function openssl(dir: string, ...args: string[]): Promise<Finished | undefined> {
  try {
    return await run("openssl", args, dir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("not checked with OpenSSL: there is no openssl command");
    return undefined;
  }
}
