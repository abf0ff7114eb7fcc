/**
 * The directory with the certificates: reads them, and replaces them all together.
 *
 * @module
 */
import { describe, RunError } from "../common/errors.ts";
import { join } from "../common/std.ts";
import type { CertificateSet } from "./authority.ts";
import type { PartNames } from "./inspect.ts";

/** Names of the five files. */
export const FILES: Readonly<PartNames> = {
  ca: "ca.pem",
  serverCert: "server-cert.pem",
  serverKey: "server-key.pem",
  clientCert: "client-cert.pem",
  clientKey: "client-key.pem",
};

const KEY_MODE = 0o600;
const CERT_MODE = 0o644;

/**
 * Reads the five files. Needs read permission only.
 *
 * @returns the PEM texts as they stand there, or the name of the first file that is missing
 * @throws {RunError} where a file is there and cannot be read
 */
export async function readCertificates(
  dir: string,
): Promise<{ set: CertificateSet } | { missing: string }> {
  const texts = new Map<string, string>();
  for (const name of Object.values(FILES)) {
    try {
      texts.set(name, await Deno.readTextFile(join(dir, name)));
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return { missing: name };
      throw new RunError(`Cannot read ${join(dir, name)}: ${describe(cause)}`, { cause });
    }
  }
  const text = (name: string) => texts.get(name) ?? "";
  return {
    set: {
      ca: text(FILES.ca),
      server: { cert: text(FILES.serverCert), key: text(FILES.serverKey) },
      client: { cert: text(FILES.clientCert), key: text(FILES.clientKey) },
    },
  };
}

/**
 * Writes the five files over whatever bears their names. Needs read and write permission.
 *
 * A crash leaves no certificate beside a key or an authority that is not its own: everything is
 * first written under temporary names, the old server and client certificates go before any other
 * file is replaced, and the new ones come last. Keys are created with mode 0600, never widened.
 *
 * @throws {Deno.errors.*} as the file system says, such as PermissionDenied
 */
export async function writeCertificates(dir: string, set: CertificateSet): Promise<void> {
  const parts = [
    { name: FILES.serverKey, text: set.server.key, mode: KEY_MODE },
    { name: FILES.clientKey, text: set.client.key, mode: KEY_MODE },
    { name: FILES.ca, text: set.ca, mode: CERT_MODE },
    { name: FILES.serverCert, text: set.server.cert, mode: CERT_MODE },
    { name: FILES.clientCert, text: set.client.cert, mode: CERT_MODE },
  ];
  await removeTemporaries(dir);
  try {
    for (const { name, text, mode } of parts) await writeNew(temporary(dir, name), text, mode);
    for (const name of [FILES.serverCert, FILES.clientCert]) await removeIfThere(join(dir, name));
    for (const { name } of parts) await Deno.rename(temporary(dir, name), join(dir, name));
  } catch (error) {
    await removeTemporaries(dir);
    throw error;
  }
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
  await Deno.mkdir(dir, { recursive: true });
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

/** One name for each file, not a random one: the lock is held, and what a crash left is found. */
function temporary(dir: string, name: string): string {
  return join(dir, `.${name}.tmp`);
}

async function removeTemporaries(dir: string): Promise<void> {
  for (const name of Object.values(FILES)) await removeIfThere(temporary(dir, name));
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  await file.sync();
}
