/**
 * The file that names other machines: how each is reached over ssh, and which end it is.
 *
 * @module
 */
import { describe, UsageError } from "../../common/base/errors.ts";
import { dirname, resolve } from "../../common/base/std.ts";
import { type Role, ROLES } from "../../common/model/protocol.ts";
import {
  checkSettings,
  checkValue,
  group,
  setting,
  type SettingsTable,
} from "../../common/settings/check.ts";
import { type Kind, Misfit } from "../../common/settings/kind.ts";
import { hostText, listOf, oneOf, text, wholeNumber } from "../../common/settings/kinds.ts";
import { readYaml, refuseUnknownKeys } from "../../common/settings/yaml.ts";

/** A folder on a machine that ssh reaches. */
export interface Remote {
  /** Name, address, or what ssh's own configuration calls it. */
  readonly host: string;
  /** User there (default: ssh's choice). */
  readonly user?: string;
  /** Port of its sshd (default: ssh's choice). */
  readonly port?: number;
  /** File of the private key to show (default: ssh's choice). */
  readonly identityFile?: string;
  /** File of the host keys that are known (default: ssh's own). */
  readonly knownHostsFile?: string;
  /** Folder there; a relative one is in the user's home. */
  readonly folder: string;
}

/** A machine of the file. */
export interface Machine extends Remote {
  /** What it is called in lines, and its folder of results. */
  readonly name: string;
  /** Which end's certificate and key it gets. */
  readonly role: Role;
}

/** Folder on the other machine where the file names none. */
export const DEFAULT_FOLDER = "netpairs";

/** All machines of a file are talked to at once. */
const MAX_MACHINES = 64;

type Entry = Omit<Machine, "name" | "folder"> & Partial<Pick<Machine, "name" | "folder">>;

const HOST = hostText(({ text }) => text);

/** As HOST, but a name stays as it is written: ssh's configuration tells upper from lower case. */
const SSH_HOST: Kind<string> = {
  ...HOST,
  read(value) {
    const host = HOST.read(value);
    return String(value).toLowerCase() === host ? String(value) : host;
  },
};

const USER = matching(
  "a user's name of letters, digits and . _ - + @ \\, not beginning with a dash",
  /^[\p{L}0-9._+@\\][\p{L}0-9._+@\\-]{0,63}$/u,
  ["root", "a.b-c", "DOMAIN\\user"],
  ["-oProxyCommand=x", "a b", "a;b", "$(x)"],
);

const LABEL = matching(
  "1 to 64 letters, digits and . _ - (not . or - first)",
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/,
  ["server", "box-1.lab"],
  ["..", ".a", "-a", "a/b", "a b"],
);

const LOCAL_FILE = matching("the path of a file", /^[^\p{Cc}]+$/u, ["~/.ssh/id"], ["a\nb"]);

const FOLDER = matching(
  "a folder's path without ~user and line breaks",
  /^(?!~[^/])[^\p{Cc}]+$/u,
  ["netpairs", "/opt/net pairs", "~/x"],
  ["~root/x", "a\nb"],
);

const ENTRY: SettingsTable<Entry> = {
  host: setting(SSH_HOST, "name or address"),
  role: setting(oneOf(ROLES), "which end it is"),
  name: setting(LABEL, "name in lines and of the folder of results", "the host"),
  user: setting(USER, "user there", "ssh's choice"),
  port: setting(wholeNumber(1, 65535), "port of its sshd", "ssh's choice"),
  identityFile: setting(LOCAL_FILE, "private key to show", "ssh's choice"),
  knownHostsFile: setting(LOCAL_FILE, "host keys that are known", "ssh's choice"),
  folder: setting(FOLDER, "folder there", DEFAULT_FOLDER),
};

const FILE_TABLE: SettingsTable<{ hosts: readonly Entry[] }> = {
  hosts: setting(listOf(group(ENTRY, { host: "localhost", role: "server" }), 1), "the machines"),
};

const FILE = group(FILE_TABLE, { hosts: [{ host: "localhost", role: "server" }] });

/**
 * Reads the machines of a file.
 *
 * @param path of a YAML file; relative paths in it begin at its folder
 * @throws {UsageError} where it cannot be read, or has a wrong key or value
 */
export async function readHosts(path: string): Promise<Machine[]> {
  return parseHosts(await readNamed(path), path);
}

/**
 * Reads where a server is to run.
 *
 * @param text `[USER@]HOST`, or the path of a YAML file with one server among its machines
 * @param name what it was written for, such as "--ssh": begins the error's text
 * @throws {UsageError} where it is neither
 */
export async function readServer(text: string, name: string): Promise<Remote> {
  if (/\.ya?ml$/.test(text)) {
    const [server, ...more] = (await readHosts(text)).filter(({ role }) => role === "server");
    if (server !== undefined && more.length === 0) return server;
    throw new UsageError(`${name} ${text}: one host with the role server is wanted there`);
  }
  const [, user, host] = /^(?:(.*)@)?([^@]*)$/s.exec(text)!;
  const table = { host: ENTRY.host, user: ENTRY.user };
  try {
    const where = { host, ...(user === undefined ? {} : { user }) };
    const read = checkSettings<{ host: string; user?: string }>(table, where, `use ${name}`);
    return { ...read, folder: DEFAULT_FOLDER };
  } catch (cause) {
    throw new UsageError(describe(cause), { cause });
  }
}

/**
 * Reads the machines of a YAML text.
 *
 * @param source the file's path: for errors, and for the relative paths in it
 * @throws {UsageError} naming the source, and the key that is wrong
 */
export function parseHosts(text: string, source: string): Machine[] {
  const document = readYaml(text, source);
  refuseUnknownKeys(text, document, FILE_TABLE, source);
  const entries = (document as { hosts?: unknown } | null)?.hosts;
  for (const entry of Array.isArray(entries) ? entries : []) {
    refuseUnknownKeys(text, entry, ENTRY, source);
  }
  const machines = checked(document, source).map((entry) => machineOf(entry, dirname(source)));
  refuseSameNames(machines, source);
  return machines;
}

function checked(document: unknown, source: string): readonly Entry[] {
  try {
    const { hosts } = checkValue(FILE, document, "the document", `use ${source}`);
    if (hosts.length <= MAX_MACHINES) return hosts;
  } catch (cause) {
    throw new UsageError(describe(cause), { cause });
  }
  throw new UsageError(`Cannot use ${source}: at most ${MAX_MACHINES} hosts`);
}

/** An address becomes a name that every file system takes. */
function machineOf({ folder = DEFAULT_FOLDER, ...entry }: Entry, base: string): Machine {
  const { identityFile, knownHostsFile, name = entry.host.replace(/[^A-Za-z0-9._-]/g, "_") } =
    entry;
  return {
    ...entry,
    name,
    folder,
    ...(identityFile === undefined ? {} : { identityFile: localFile(identityFile, base) }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile: localFile(knownHostsFile, base) }),
  };
}

/** The user's home (~) is for ssh to find. */
function localFile(path: string, base: string): string {
  return /^~[/\\]/.test(path) ? path : resolve(base, path);
}

/** Names are compared as file systems do that take upper case for lower. */
function refuseSameNames(machines: readonly Machine[], source: string): void {
  const names = machines.map(({ name }) => name.toLowerCase());
  const again = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (again < 0) return;
  throw new UsageError(
    `Cannot use ${source}: hosts[${again}] has the name of hosts[${
      names.indexOf(names[again]!)
    }], ` +
      `${machines[again]!.name}: give one of them another "name"`,
  );
}

async function readNamed(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new UsageError(`cannot read ${path}: ${describe(cause)}`, { cause });
  }
}

/** A text that a pattern fits; one that does not is not repeated. */
function matching(
  allowed: string,
  pattern: RegExp,
  good: readonly string[],
  wrong: readonly string[],
): Kind<string> {
  const any = text({ what: allowed, max: 1024 });
  return {
    ...any,
    allowed,
    read(value) {
      const found = any.read(value);
      if (pattern.test(found)) return found;
      throw new Misfit(true, `must be ${allowed}`);
    },
    good,
    wrongValues: [...any.wrongValues, ...wrong],
  };
}
