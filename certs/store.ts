/**
 * The folder with the certificates: what is in it and whose it is, and how it is filled.
 *
 * @module
 */
import { describe, RunError } from "../common/base/errors.ts";
import { makePrivateFolder } from "../common/base/output.ts";
import { FILES } from "../common/pem/certificate_files.ts";
import { basename, join } from "../common/base/std.ts";
import type { CertificateSet } from "./authority.ts";
import { digestOf, type Digests, formatMarker, isMade, MARKER, readMarker } from "./marker.ts";

const KEY_MODE = 0o600;
const CERT_MODE = 0o644;

/** What a folder holds. */
export interface Holding {
  /** Those of the five files that are there. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /**
   * Whose they are: "made" here, every one, or the "user"'s; "none" where none is there. A folder
   * with one file in it that was not made here, or was changed since, is the user's.
   */
  readonly owner: "none" | "made" | "user";
  /** Of a user's: the first file that was not made here. */
  readonly foreign: string | null;
  /** Whether the making of them was cut off. */
  readonly interrupted: boolean;
}

/**
 * Looks into a folder, which need not be there. Needs read permission only.
 *
 * @throws {RunError} where a file is there and cannot be read
 */
export async function readHolding(dir: string): Promise<Holding> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of Object.values(FILES)) {
    const bytes = await readIfThere(join(dir, name));
    if (bytes) files.set(name, bytes);
  }
  const marker = await guardedRead(join(dir, MARKER), () => readMarker(dir));
  if (marker === "foreign") return { files, owner: "user", foreign: MARKER, interrupted: false };
  if (files.size === 0) return { files, owner: "none", foreign: null, interrupted: false };
  for (const [name, bytes] of files) {
    if (marker && await isMade(marker, name, bytes)) continue;
    return { files, owner: "user", foreign: name, interrupted: false };
  }
  const interrupted = marker?.replacing !== undefined;
  return { files, owner: "made", foreign: null, interrupted };
}

/**
 * Makes the five files of a folder, and the file that says that they were made here. Needs read and
 * write permission. Keys are created with mode 0600, never widened.
 *
 * A crash leaves no half of a file, and nothing that is taken for a user's own: everything is first
 * written under other names, and before the first file gets its own name, the marker says what all
 * of them were and will be. Where it fails, what was put there is taken away again.
 *
 * @throws {RunError} where something is there that was not made here: it is left as it is
 * @throws {Deno.errors.*} as the file system says, such as PermissionDenied
 */
export async function writeCertificates(dir: string, set: CertificateSet): Promise<void> {
  const before = await readHolding(dir);
  if (before.owner === "user") throw notMadeHere(dir, before);
  const parts = [
    { name: FILES.serverKey, text: set.server.key, mode: KEY_MODE },
    { name: FILES.clientKey, text: set.client.key, mode: KEY_MODE },
    { name: FILES.ca, text: set.ca, mode: CERT_MODE },
    { name: FILES.serverCert, text: set.server.cert, mode: CERT_MODE },
    { name: FILES.clientCert, text: set.client.cert, mode: CERT_MODE },
  ];
  const files = await digestsOf(parts.map(({ name, text }) => [name, encode(text)]));
  const replacing = await digestsOf(before.files);
  await removeTemporaries(dir);
  try {
    for (const { name, text, mode } of parts) await writeNew(temporary(dir, name), text, mode);
    await writeNew(temporary(dir, MARKER), formatMarker({ files, replacing }), CERT_MODE);
    await writeNew(temporary(dir, DONE), formatMarker({ files }), CERT_MODE);
    putInPlace(dir, parts.map(({ name }) => name), before);
  } finally {
    await removeTemporaries(dir);
  }
}

/** Those of a folder's files that were made here and are unchanged; the marker itself, too. */
export async function findMadeCertificates(dir: string): Promise<string[]> {
  const marker = await readMarker(dir);
  if (marker === null || marker === "foreign") return [];
  const made = [MARKER];
  for (const name of Object.values(FILES)) {
    const bytes = await readIfThere(join(dir, name));
    if (bytes && await isMade(marker, name, bytes)) made.push(name);
  }
  // What an interruption has left: its names are this program's own.
  for (const name of TEMPORARY) {
    if (await readIfThere(temporary(dir, name))) made.push(basename(temporary(dir, name)));
  }
  return made.sort();
}

/** Why nothing is written into a folder, and what to do. */
export function notMadeHere(dir: string, { foreign }: Holding): RunError {
  return new RunError(
    `Cannot make certificates in ${dir}: ${foreign} was not made here, or was changed since, and is ` +
      "left as it is; name another folder, or move what is there away",
  );
}

/**
 * Makes the directory if need be and keeps other processes from writing to it: the lock lies on
 * the directory itself, so it leaves no file behind and ends with the process. Windows cannot open
 * a directory; there, two commands at the same time are not kept apart.
 *
 * @returns what gives the lock back when it is disposed
 * @throws {Deno.errors.*} as the file system says
 */
export async function lockDirectory(dir: string): Promise<Disposable> {
  await makePrivateFolder(dir);
  if (Deno.build.os === "windows") return new DisposableStack();
  const directory = await Deno.open(dir);
  try {
    await directory.lock(true);
  } catch (error) {
    directory.close();
    throw error;
  }
  return directory;
}

/** For the marker of files that are complete, beside the one that stands there until they are. */
const DONE = `${MARKER}.done`;

/** What is written under another name at first. */
const TEMPORARY = [...Object.values(FILES), MARKER, DONE];

/** In one synchronous turn, so that a signal that the program listens to does not come in between. */
function putInPlace(dir: string, names: readonly string[], before: Holding): void {
  const placed: string[] = [];
  const place = (name: string, as = name) => {
    Deno.renameSync(temporary(dir, name), join(dir, as));
    placed.push(as);
  };
  try {
    for (const name of [MARKER, ...names]) place(name);
    place(DONE, MARKER);
  } catch (error) {
    // Where there were files before, the marker that stands there says so.
    if (before.files.size === 0) {
      for (const name of new Set(placed.reverse())) Deno.removeSync(join(dir, name));
    }
    throw error;
  }
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  return await guardedRead(path, async () => {
    try {
      // A link whose target is away is there all the same, and its user's.
      await Deno.lstat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    return await Deno.readFile(path);
  });
}

async function guardedRead<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new RunError(`Cannot read ${path}: ${describe(cause)}`, { cause });
  }
}

async function digestsOf(
  files: Iterable<readonly [name: string, bytes: Uint8Array<ArrayBuffer>]>,
): Promise<Digests> {
  const digests: Record<string, string> = {};
  for (const [name, bytes] of files) digests[name] = await digestOf(bytes);
  return digests;
}

/** One name for each file, not a random one: the lock is held, and what a crash left is found. */
function temporary(dir: string, name: string): string {
  return join(dir, `.netpairs-${name}.tmp`);
}

async function removeTemporaries(dir: string): Promise<void> {
  for (const name of TEMPORARY) {
    try {
      await Deno.remove(temporary(dir, name));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  let rest = encode(text);
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  await file.sync();
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
