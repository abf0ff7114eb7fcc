/**
 * Certificates that peers show, read from their structure: nothing is parsed out of printed text.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import { addressText } from "../base/addresses.ts";
import { visible } from "../base/visible.ts";
import { GEN, NID_SUBJECT_ALT_NAME, XN_FLAG_RFC2253_UTF8 } from "./bindings/constants.ts";
import type { OpenSsl } from "./bindings/library.ts";
import { MemoryBio } from "./bindings/memory_bio.ts";
import { dateOf, x509Text } from "./bindings/x509.ts";

/**
 * A name that a certificate is for: an entry of subjectAltName (RFC 5280 4.2.1.6).
 *
 * @example
 * ```ts
 * const name: CertificateName = { type: "dns", value: "server.example" };
 * if (name.type !== "dns") throw new Error(name.type);
 * ```
 */
export interface CertificateName {
  /**
   * Kind of the name: "id" is a registered identifier, "other" one whose form only its identifier
   * knows, "unknown" one that cannot be read.
   */
  type: "dns" | "ip" | "email" | "uri" | "directory" | "id" | "other" | "unknown";
  /**
   * The name as it stands there, each byte of a text a character, whatever it is; an address as
   * IPv4 or IPv6 text, a directory name in RFC 2253 form, an identifier as numbers with dots.
   */
  value: string;
}

/**
 * What is known of a certificate besides its PEM.
 *
 * @example
 * ```ts
 * const isOver = ({ validTo }: CertificateFacts) => validTo.getTime() < Date.now();
 * const [validFrom, validTo] = [new Date("2020-01-01"), new Date("2020-02-01")];
 * const name = { subject: "CN=server", issuer: "CN=authority", names: [] };
 * if (!isOver({ ...name, validFrom, validTo })) throw new Error("its time is over");
 * ```
 */
export interface CertificateFacts {
  /** Whose it is, for people: RFC 2253 form, such as "CN=server,O=example". */
  subject: string;
  /** Who signed it, in the same form. */
  issuer: string;
  /** Names and addresses that it is for (RFC 5280 4.2.1.6). */
  names: readonly CertificateName[];
  /** When it begins to be valid (RFC 5280 4.1.2.5). */
  validFrom: Date;
  /** When it ends to be valid (RFC 5280 4.1.2.5). */
  validTo: Date;
}

/**
 * A certificate that a peer showed: a copy, which holds nothing of OpenSSL's and needs no closing.
 *
 * @example
 * ```ts
 * import { generateCertificates } from "../../certs/generate.ts";
 * import { connectTls, listenTls } from "../../tls/mod.ts";
 *
 * const { ca, server } = await generateCertificates();
 * await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...server });
 * const accepted = listener.accept();
 * await using conn = await connectTls({ port: listener.addr.port, caCerts: [ca] });
 * await conn.handshake();
 * const { names } = conn.info.peerCertificate!;
 * const isForIt = names.some(({ type, value }) => type === "ip" && value === "127.0.0.1");
 * if (!isForIt) throw new Error(JSON.stringify(names));
 * (await accepted)?.abandon();
 * ```
 */
export class PeerCertificate implements CertificateFacts {
  /** The certificate as PEM (RFC 7468 5), without its chain. */
  readonly pem: string;
  /** Whose it is, for people: RFC 2253 form, such as "CN=server,O=example". */
  readonly subject: string;
  /** Who signed it, in the same form. */
  readonly issuer: string;
  /** Names and addresses that it is for (RFC 5280 4.2.1.6). */
  readonly names: readonly CertificateName[];
  /** When it begins to be valid (RFC 5280 4.1.2.5). */
  readonly validFrom: Date;
  /** When it ends to be valid (RFC 5280 4.1.2.5). */
  readonly validTo: Date;

  /**
   * For the bindings.
   *
   * @ignore
   */
  constructor(pem: string, facts: CertificateFacts) {
    this.pem = pem;
    this.subject = facts.subject;
    this.issuer = facts.issuer;
    this.names = facts.names;
    this.validFrom = facts.validFrom;
    this.validTo = facts.validTo;
  }

  /** SHA-256 over its DER form: 32 bytes in hexadecimal, colon-separated. */
  get fingerprint256(): string {
    return new X509Certificate(this.pem).fingerprint256;
  }
}

/** For the bindings: copies an X509, which stays the caller's. */
export function readCertificate(lib: OpenSsl, x509: Deno.PointerObject): PeerCertificate {
  return new PeerCertificate(x509Text(lib, x509), {
    subject: nameText(lib, lib.X509_get_subject_name(x509)),
    issuer: nameText(lib, lib.X509_get_issuer_name(x509)),
    names: namesOf(lib, x509),
    validFrom: dateOf(lib, lib.X509_get0_notBefore(x509)),
    validTo: dateOf(lib, lib.X509_get0_notAfter(x509)),
  });
}

function nameText(lib: OpenSsl, name: Deno.PointerValue): string {
  using text = new MemoryBio(lib);
  lib.X509_NAME_print_ex(text.pointer, name, 0, BigInt(XN_FLAG_RFC2253_UTF8));
  return visible(text.text());
}

/** The GENERAL_NAMES of the subjectAltName extension; none where there is none or it is malformed. */
function namesOf(lib: OpenSsl, x509: Deno.PointerObject): CertificateName[] {
  lib.ERR_clear_error();
  const list = lib.X509_get_ext_d2i(x509, NID_SUBJECT_ALT_NAME, null, null);
  lib.ERR_clear_error();
  if (list === null) return [];
  const names: CertificateName[] = [];
  for (let i = 0; i < lib.OPENSSL_sk_num(list); i++) {
    names.push(nameOf(lib, lib.OPENSSL_sk_value(list, i)));
  }
  lib.GENERAL_NAMES_free(list);
  return names;
}

/** Types whose value is an IA5String (RFC 5280 4.2.1.6). */
const TEXTS: Readonly<Record<number, CertificateName["type"]>> = {
  [GEN.EMAIL]: "email",
  [GEN.DNS]: "dns",
  [GEN.URI]: "uri",
};

function nameOf(lib: OpenSsl, name: Deno.PointerValue): CertificateName {
  const type = new Int32Array(1);
  const value = lib.GENERAL_NAME_get0_value(name, new Uint8Array(type.buffer));
  const kind = type[0]!;
  const text = TEXTS[kind];
  if (text) return { type: text, value: latin1(bytesOf(lib, value)) };
  if (kind === GEN.IPADD) return addressOf(bytesOf(lib, value));
  if (kind === GEN.DIRNAME) return { type: "directory", value: nameText(lib, value) };
  if (kind === GEN.RID) return { type: "id", value: identifierOf(lib, value) };
  // OTHERNAME of openssl/x509v3.h begins with its type's identifier.
  const other = kind === GEN.OTHERNAME && value ? new Deno.UnsafePointerView(value) : null;
  if (other) return { type: "other", value: identifierOf(lib, other.getPointer()) };
  return { type: "unknown", value: "" };
}

function bytesOf(lib: OpenSsl, string: Deno.PointerValue): Uint8Array {
  const data = lib.ASN1_STRING_get0_data(string);
  const length = lib.ASN1_STRING_length(string);
  if (data === null || length <= 0) return new Uint8Array();
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(data, length)).slice();
}

/** A byte a character: what is no ASCII stays distinguishable, and a zero byte ends nothing. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function addressOf(bytes: Uint8Array): CertificateName {
  if (bytes.length !== 4 && bytes.length !== 16) return { type: "unknown", value: bytes.toHex() };
  return { type: "ip", value: addressText(bytes) };
}

function identifierOf(lib: OpenSsl, object: Deno.PointerValue): string {
  const text = new Uint8Array(256);
  const length = lib.OBJ_obj2txt(text, text.length, object, 1);
  return latin1(text.subarray(0, Math.max(Math.min(length, text.length - 1), 0)));
}
