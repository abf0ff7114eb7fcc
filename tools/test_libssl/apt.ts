/**
 * Packages of other suites of Debian, unpacked into a folder, without a word to this system's own
 * lists of packages.
 *
 * @module
 */
import { join } from "../../common/base/std.ts";
import { run } from "./commands.ts";
import { Skipped } from "./skipped.ts";
import { packagesOf, type Suite, versionIn } from "./suites.ts";

/** Where Debian's own keys are, which its suites are signed with: the package of that name. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Written last: what is without it is begun anew. */
const COMPLETE = "complete";

/** A suite, unpacked. */
export interface Unpacked {
  /** The folder that has its files. */
  root: string;
  /** The library's version, such as "3.5.9". */
  version: string;
}

/**
 * Unpacks a suite, or finds that it is unpacked.
 *
 * @param folder its own
 * @throws {Skipped} where that is not possible here
 */
export async function unpack(folder: string, suite: Suite): Promise<Unpacked> {
  const root = join(folder, "root");
  const known = await Deno.readTextFile(join(folder, COMPLETE)).catch(() => null);
  if (known !== null) return { root, version: known };
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const options = await prepare(folder, await findMirror(), suite);
  await run("apt-get", [...options, "update"], "read Debian's lists");
  const download = [...options, "--yes", "--download-only", "install", ...packagesOf(suite)];
  await run("apt-get", download, "download packages");
  const archives = join(folder, "apt/cache/archives");
  const files = (await Array.fromAsync(Deno.readDir(archives), ({ name }) => name))
    .filter((name) => name.endsWith(".deb")).sort();
  const version = versionIn(files, suite.library);
  if (version === null) {
    throw new Skipped(`${suite.suites.at(-1)} has no ${suite.library} any more`);
  }
  await Deno.mkdir(root, { recursive: true });
  const isBase = (name: string) => name.startsWith("base-files_");
  for (const name of [...files.filter(isBase), ...files.filter((name) => !isBase(name))]) {
    await run("dpkg-deb", ["--extract", join(archives, name), root], "unpack packages");
  }
  await Deno.remove(join(folder, "apt"), { recursive: true });
  await Deno.writeTextFile(join(folder, COMPLETE), version);
  return { root, version };
}

/** The mirror of Debian that this system's apt uses. */
async function findMirror(): Promise<string> {
  const format = ["--format", "$(SITE)", "Created-By: Packages"];
  const text = await run("apt-get", ["indextargets", ...format], "know a mirror of Debian");
  const mirror = mirrorOf(text.split("\n"));
  if (mirror === null) throw new Skipped("apt uses no mirror of Debian here");
  return mirror;
}

/** The first address of an archive, such as "https://mirror.example/debian". */
export function mirrorOf(addresses: readonly string[]): string | null {
  return addresses.find((address) => /^https?:\/\/.*\/debian\/?$/.test(address)) ?? null;
}

/** Makes what apt wants in a folder; the options that have it work there. */
async function prepare(folder: string, mirror: string, { suites }: Suite): Promise<string[]> {
  const apt = join(folder, "apt");
  const none = join(apt, "none");
  for (const name of ["none", "state/lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(join(apt, name), { recursive: true });
  }
  const signed = await Deno.stat(KEYRING).then(() => `[signed-by=${KEYRING}] `, () => "");
  const sources = suites.map((name) => `deb ${signed}${mirror} ${name} main\n`).join("");
  await Deno.writeTextFile(join(apt, "sources.list"), sources);
  // Nothing is installed, so that all that a package depends on comes with it.
  await Deno.writeTextFile(join(apt, "status"), "");
  const settings = {
    "Dir::Etc::sourcelist": join(apt, "sources.list"),
    "Dir::Etc::sourceparts": none,
    "Dir::Etc::preferencesparts": none,
    "Dir::State": join(apt, "state"),
    "Dir::State::status": join(apt, "status"),
    "Dir::Cache": join(apt, "cache"),
    "APT::Install-Recommends": "false",
    "APT::Keep-Downloaded-Packages": "true",
    "APT::Sandbox::User": "root",
    // A list that cannot be had is an error, not a warning.
    "APT::Update::Error-Mode": "any",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
