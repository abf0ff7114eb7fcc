/**
 * Reads PEM (RFC 7468): from a text, or from a file's bytes, to blocks of DER. What stands around
 * the blocks is passed over, as RFC 7468 2 has it; what is wrong within them is said.
 *
 * Every line is looked at once, so that the time grows with the length and no faster.
 *
 * @module
 */
import { type DerKind, derKind } from "./der.ts";
import { PemError } from "./errors.ts";

/** One block. */
export interface PemBlock {
  /** What stands after BEGIN, such as "CERTIFICATE". */
  readonly label: string;
  /** What the base64 stands for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Headers of RFC 1421 4.6, as OpenSSL writes them above a key that it has encrypted. */
  readonly headers: ReadonlyMap<string, string>;
  /** Number of its BEGIN line, from 1. */
  readonly line: number;
}

const BEGIN = "-----BEGIN ";
const END = "-----END ";
const DASHES = "-----";
const LINE_LENGTH = 64;

/** What turns each kind of DER into PEM: openssl-x509(1), openssl-pkey(1), openssl-pkcs12(1). */
const DER_TO_PEM: Readonly<Record<DerKind, string>> = {
  certificate: "openssl x509 -inform DER -in OLD -out NEW",
  pkcs1: "openssl pkey -inform DER -in OLD -out NEW",
  sec1: "openssl pkey -inform DER -in OLD -out NEW",
  pkcs8: "openssl pkey -inform DER -in OLD -out NEW",
  encrypted: "openssl pkcs8 -inform DER -in OLD -out NEW",
  pkcs12: "openssl pkcs12 -in OLD -out NEW",
};

/**
 * Reads all blocks, in their order.
 *
 * @param input a text, or the bytes of a file
 * @param source what to call it in an error: a setting or a file
 * @throws {PemError} where it is no PEM, or a block is damaged
 *
 * @example
 * ```ts
 * const [block] = parsePem("-----BEGIN NOTE-----\naGk=\n-----END NOTE-----\n", "note");
 * if (block?.label !== "NOTE" || block.bytes.length !== 2) throw new Error("not read");
 * ```
 */
export function parsePem(input: string | Uint8Array, source: string): PemBlock[] {
  if (typeof input !== "string") refuseDer(input, source);
  const text = typeof input === "string" ? input : decode(input, source);
  refuseOtherTexts(text, source);
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|[\r\n]/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!.trim();
    if (line.startsWith(END)) {
      throw new PemError(source, `line ${at + 1} ends a block that has not begun`);
    }
    if (!line.startsWith(BEGIN)) {
      at++;
      continue;
    }
    const label = labelOf(line, BEGIN, at, source);
    const end = endOf(lines, at, label, source);
    blocks.push(readBlock(lines.slice(at + 1, end), label, at + 1, source));
    at = end + 1;
  }
  if (blocks.length > 0) return blocks;
  throw new PemError(source, `it is not PEM: no line begins with "${BEGIN.trimEnd()}"`);
}

/** One block as text, with a line break at its end. */
export function formatPem(label: string, bytes: Uint8Array): string {
  const base64 = bytes.toBase64();
  let lines = "";
  for (let at = 0; at < base64.length; at += LINE_LENGTH) {
    lines += `${base64.slice(at, at + LINE_LENGTH)}\n`;
  }
  return `${BEGIN}${label}${DASHES}\n${lines}${END}${label}${DASHES}\n`;
}

/** Where a block's END line is. */
function endOf(lines: readonly string[], begin: number, label: string, source: string): number {
  const block = `the ${label} block that begins in line ${begin + 1}`;
  for (let at = begin + 1; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line.startsWith(BEGIN)) break;
    if (!line.startsWith(END)) continue;
    const ended = labelOf(line, END, at, source);
    if (ended === label) return at;
    throw new PemError(source, `${block} is damaged: line ${at + 1} ends another, ${ended}`);
  }
  throw new PemError(source, `${block} is cut off: it has no END line`);
}

function labelOf(line: string, boundary: string, at: number, source: string): string {
  const label = line.slice(boundary.length, -DASHES.length);
  const isWhole = line.length > boundary.length + DASHES.length && line.endsWith(DASHES);
  if (isWhole && isLabel(label)) return label;
  const wanted = `${boundary}LABEL${DASHES}`;
  throw new PemError(source, `line ${at + 1} is damaged: it should read ${wanted}`);
}

/** Printable ASCII (RFC 7468 3), and short, as it stands in errors. */
function isLabel(label: string): boolean {
  return label.length <= LINE_LENGTH && /^[!-~][ -~]*$/.test(label) && !label.includes(DASHES);
}

function readBlock(
  lines: readonly string[],
  label: string,
  line: number,
  source: string,
): PemBlock {
  const headers = new Map<string, string>();
  let at = 0;
  // Base64 has no colon, so that a line with one is a header.
  for (; lines[at]?.includes(":"); at++) {
    const colon = lines[at]!.indexOf(":");
    headers.set(lines[at]!.slice(0, colon).trim(), lines[at]!.slice(colon + 1).trim());
  }
  try {
    const base64 = lines.slice(at).join("\n");
    const bytes = Uint8Array.fromBase64(base64, { lastChunkHandling: "strict" });
    if (bytes.length > 0) return { label, bytes, headers, line };
  } catch (cause) {
    const problem = `the ${label} block that begins in line ${line} is damaged: it is not base64`;
    throw new PemError(source, problem, { cause });
  }
  throw new PemError(source, `the ${label} block that begins in line ${line} is empty`);
}

/** UTF-8 with or without a byte order mark; bytes that are none of it can only stand around blocks. */
function decode(bytes: Uint8Array, source: string): string {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16) throw utf16(source);
  return new TextDecoder().decode(bytes);
}

function refuseDer(bytes: Uint8Array, source: string): void {
  const kind = derKind(bytes);
  if (kind === null) return;
  const what = kind === "pkcs12" ? "PKCS#12" : "DER";
  throw new PemError(source, `it is ${what}, not PEM; to convert it: ${DER_TO_PEM[kind]}`);
}

/** What is refused by its name, as it is what programs save a certificate as. */
function refuseOtherTexts(text: string, source: string): void {
  if (text.trim() === "") throw new PemError(source, "it is empty");
  // DER that was read as a text has lost what would tell its kind: a SEQUENCE of 256 bytes or more.
  if (/^0[\x81-\x84\uFFFD]/.test(text)) {
    throw new PemError(source, `it is DER, not PEM; to convert it: ${DER_TO_PEM.certificate}`);
  }
  if (text.includes("-\0-\0-\0")) throw utf16(source);
}

function utf16(source: string): PemError {
  const how = "iconv -f UTF-16 -t UTF-8 OLD > NEW";
  return new PemError(source, `it is UTF-16 text, and PEM is ASCII; to convert it: ${how}`);
}
