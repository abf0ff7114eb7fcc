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
  const names = ["ca.pem", `${role}-cert.pem`, `${role}-key.pem`];
  const [ca, cert, key] = await Promise.all(names.map((name) => readPem(join(dir, name))));
  return { caCerts: [ca!], cert: cert!, key: key! };
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
