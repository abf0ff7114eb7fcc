/**
 * The file that says what was made here: without it, or with other contents than it says, what lies
 * in a folder is its user's.
 *
 * @module
 */
import { join } from "../common/base/std.ts";

/** Its name. */
export const MARKER = "made-by-netpairs.json";

const TOOL = "netpairs";

/** SHA-256 of files, in hexadecimal, by their names. */
export type Digests = Readonly<Record<string, string>>;

/** What it says. */
export interface Marker {
  /** What was made. */
  readonly files: Digests;
  /** While files are being replaced: what they were before. Where it is there, that was cut off. */
  readonly replacing?: Digests;
}

/** Its text. */
export function formatMarker(marker: Marker): string {
  const note = "made here: deno task certs --force replaces these, as long as they are unchanged";
  return `${JSON.stringify({ tool: TOOL, note, ...marker }, null, 2)}\n`;
}

/**
 * Reads a folder's.
 *
 * @returns null where there is none; "foreign" where the file of its name is something else
 * @throws {Deno.errors.*} where it is there and cannot be read
 */
export async function readMarker(dir: string): Promise<Marker | "foreign" | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(dir, MARKER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return parseMarker(text) ?? "foreign";
}

/** Reads its text; null where that is none. */
function parseMarker(text: string): Marker | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.tool !== TOOL || !isDigests(value.files)) return null;
  const { files, replacing } = value;
  if (replacing === undefined) return { files };
  return isDigests(replacing) ? { files, replacing } : null;
}

/** Whether a file's bytes are what the marker says. */
export async function isMade(
  { files, replacing = {} }: Marker,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const digest = await digestOf(bytes);
  return [files, replacing].some((digests) =>
    Object.hasOwn(digests, name) && digests[name] === digest
  );
}

/** SHA-256 in hexadecimal. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function isDigests(value: unknown): value is Digests {
  return isRecord(value) && Object.values(value).every((digest) => typeof digest === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
