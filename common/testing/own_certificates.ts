/**
 * What the tests of this folder share.
 *
 * @module
 */
import { end, makeChains, namesOf } from "./authority_chain.ts";
import { textsOf } from "./certs.ts";
import { folderWith } from "./folder.ts";
import { join } from "../base/std.ts";
import { generateCertificates } from "../../certs/authority.ts";
import { findProgram } from "./programs.ts";

/** Runs with a directory of its own that is gone afterwards. */
export async function withDirectory(act: (dir: string) => Promise<void>): Promise<void> {
  await using folder = await folderWith();
  await act(folder.dir);
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
  const { server, client } = await companyCertificates(names);
  const other = await generateCertificates();
  const ca = `Other CA\n${other.ca}Company CA\n${server.ca}`;
  await Deno.mkdir(dir, { recursive: true });
  for (const [name, text] of Object.entries(textsOf({ ca, server, client }))) {
    await Deno.writeTextFile(join(dir, name), text.replaceAll("\n", "\r\n"));
  }
}

/** Days that are enough for nothing to end soon. */
const LONG = { to: 10_000 };

/** Both ends' files, from one root and one intermediate that it has signed. */
async function companyCertificates(names: readonly string[]) {
  const { server, client } = await makeChains({
    root: LONG,
    middle: LONG,
    leaves: {
      server: { ...LONG, extensions: end("server", { names: namesOf(names) }) },
      client: { ...LONG, extensions: end("client", { names: namesOf(names) }) },
    },
  });
  return { server: server!, client: client! };
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
 * @returns undefined where there is no such command: programs_test.ts says so
 */
export async function openssl(dir: string, ...args: string[]): Promise<Finished | undefined> {
  return findProgram("openssl") === null ? undefined : await run("openssl", args, dir);
}
