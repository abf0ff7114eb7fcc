/**
 * The certificates a pair shows and trusts, read once for a whole run.
 *
 * @module
 */
import { describe, RunError } from "./errors.ts";
import type { Role } from "./protocol.ts";
import { join } from "./std.ts";

/** What one end needs for mutual authentication, PEM. */
export interface Certificates {
  /** Authorities the peer's certificate may come from. */
  caCerts: string[];
  /** Own certificate. */
  cert: string;
  /** Own private key. */
  key: string;
}

/**
 * Reads ca.pem and the role's certificate and key.
 *
 * @throws {RunError} naming the file that is missing or cannot be read
 */
export async function loadCertificates(dir: string, role: Role): Promise<Certificates> {
  // One after the other, so that of several missing ones always the same is named.
  const ca = await readPem(join(dir, "ca.pem"));
  const cert = await readPem(join(dir, `${role}-cert.pem`));
  const key = await readPem(join(dir, `${role}-key.pem`));
  return { caCerts: [ca], cert, key };
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new RunError(
      `cannot read ${path}: ${describe(cause)}; make certificates with: deno task certs`,
      { cause },
    );
  }
}
