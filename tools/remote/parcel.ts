/**
 * What another machine is given: the program, and the certificates of its end and no others.
 *
 * @module
 */
import { commandLine } from "../../common/base/program.ts";
import { describe, RunError } from "../../common/base/errors.ts";
import { basename, dirname, join, resolve } from "../../common/base/std.ts";
import type { Role } from "../../common/model/protocol.ts";
import { FILES, ownFiles } from "../../common/pem/certificate_files.ts";
import { ROOT } from "../lib/children.ts";

/** Files of one folder. */
export interface Part {
  readonly folder: string;
  /** Their paths in it; on the other machine they have the same ones. */
  readonly names: readonly string[];
}

/** Where certificates are on the other machine: its programs look for them there. */
export const CERTS_THERE = "certs/pem";

/** What runs the pairs from their sources. */
const SOURCES = ["certs", "common", "dtls", "tcp", "tls", "tools", "udp"];
const BESIDE = ["LICENSE", "deno.json", "deno.lock"];

/** Folders that have none of it: tests, and what is made here. */
const LEFT_OUT = /^certs\/pem$|\/(?:testing|testdata)$/;

/**
 * What this program is itself: where it is compiled its executable, else its sources.
 *
 * @throws as {@linkcode executables}
 */
export async function thisProgram(isCompiled: boolean = Deno.build.standalone): Promise<Part[]> {
  return isCompiled ? await executables([Deno.execPath()]) : [await sources()];
}

/** All sources that run the pairs and the tools, without tests. */
async function sources(root: string = ROOT): Promise<Part> {
  const names = [...BESIDE];
  for (const folder of SOURCES) await addSources(root, folder, names);
  return { folder: root, names };
}

async function addSources(root: string, folder: string, names: string[]): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(join(root, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory && !LEFT_OUT.test(path)) await addSources(root, path, names);
    if (isFile && /(?<!_test)\.ts$|\.json$|\.yaml$/.test(name)) names.push(path);
  }
}

/**
 * Executables, which come to lie side by side.
 *
 * @throws {RunError} where one cannot be read or is none, or two have one name
 */
export async function executables(paths: readonly string[]): Promise<Part[]> {
  const names = new Set<string>();
  const parts: Part[] = [];
  for (const path of paths.map((path) => resolve(path))) {
    const name = basename(path);
    const { isFile, mode } = await look(path);
    if (!isFile || name.endsWith(".pem") || (mode !== null && (mode & 0o111) === 0)) {
      throw new RunError(`${path} is no executable file`);
    }
    if (names.has(name)) throw new RunError(`two executables are called ${name}`);
    names.add(name);
    parts.push({ folder: dirname(path), names: [name] });
  }
  return parts;
}

/**
 * The authority's certificate, and one end's own certificate and key.
 *
 * @throws {RunError} where one is missing, or a certificate's file has a private key in it, too, such
 * as the authority's
 */
export async function certificates(dir: string, role: Role): Promise<Part> {
  const { cert, key } = ownFiles(role);
  for (const name of [FILES.ca, cert]) {
    const path = join(dir, name);
    const text = await Deno.readTextFile(path).catch((cause) => {
      throw cannotRead(path, cause);
    });
    if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text)) continue;
    throw new RunError(
      `${path} has a private key in it, which must not leave this machine that way`,
    );
  }
  await look(join(dir, key));
  return { folder: resolve(dir), names: [FILES.ca, cert, key] };
}

async function look(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

function cannotRead(path: string, cause: unknown): Error {
  if (cause instanceof Deno.errors.NotCapable) return cause;
  const hint = path.endsWith(".pem")
    ? `; make certificates with: ${commandLine("certs")} --name HOST`
    : "";
  return new RunError(`cannot read ${path}: ${describe(cause)}${hint}`, { cause });
}
