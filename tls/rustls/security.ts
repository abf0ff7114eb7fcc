/**
 * Whom a TLS socket of `node:tls` speaks to, and what the two ends agreed on.
 *
 * @module
 */
import "reflect-metadata";
import { X509Certificate } from "@peculiar/x509";
import { createHash } from "node:crypto";
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from "node:tls";
import { alternativeNames } from "../../common/pem/alternative_names.ts";
import { covers, parseName, type SubjectName } from "../../common/pem/names.ts";
import { RunError } from "../../common/base/errors.ts";
import { parsePem } from "../../common/pem/blocks.ts";
import { checkChain, REFUSALS } from "../../common/pem/policy.ts";
import type { Role, Security } from "../../common/model/protocol.ts";

/** What the handshake of an open socket came to. */
export function securityOf(socket: TLSSocket): Security {
  // Deno leaves the group out, where Node names it.
  const key = socket.getEphemeralKeyInfo() as { name?: string } | null;
  return {
    version: socket.getProtocol(),
    cipher: socket.getCipher()?.name ?? null,
    group: key?.name ?? null,
    peer: formatSubject({ ...socket.getPeerCertificate()?.subject }),
    resumed: socket.isSessionReused(),
  };
}

/** Chains that are known to be good, at most: a run's peers show one or two. */
const MAX_KNOWN = 32;

/** So long a chain that is good stays so, in milliseconds: its time may be over then. */
const KNOWN_MS = 1000;

/** Chains are no longer: see MAX_INTERMEDIATES of policy.ts; what else was shown is of no use. */
const MAX_SHOWN = 16;

/**
 * Checks the certificates of peers for what Deno's own TLS does not look at, and OpenSSL does (see
 * `checkChain`). It is asked right after a handshake, before anything that came is taken.
 */
export class PeerCheck {
  readonly #authorities: readonly Uint8Array[];
  readonly #role: Role;
  /** What was looked at, and until when it is good: signatures cost milliseconds. */
  readonly #known = new Map<string, number>();

  /**
   * @param caCerts authorities that are believed, PEM
   * @param role which end the peers are
   */
  constructor(caCerts: readonly string[], role: Role) {
    this.#authorities = caCerts.flatMap((pem) => parsePem(pem, "ca").map(({ bytes }) => bytes));
    this.#role = role;
  }

  /**
   * @param certificate what `getPeerCertificate(true)` says
   * @returns an error that says why it is refused, or undefined
   */
  refusal(certificate: Shown): RunError | undefined {
    const [leaf, ...others] = shownBy(certificate);
    const role = this.#role;
    const why = leaf ? this.#checked(leaf, others) : REFUSALS.unreadable;
    return why === null ? undefined : new RunError(`the ${role}'s certificate ${why}`);
  }

  #checked(leaf: Uint8Array, others: Uint8Array[]): string | null {
    const hash = createHash("sha256");
    for (const der of [leaf, ...others]) hash.update(der);
    const name = hash.digest("hex");
    const nowMs = Date.now();
    if (nowMs < (this.#known.get(name) ?? 0)) return null;
    const shown = { leaf, others, authorities: this.#authorities, role: this.#role, nowMs };
    const why = checkChain(shown);
    if (why === null) {
      if (this.#known.size === MAX_KNOWN) this.#known.clear();
      this.#known.set(name, nowMs + KNOWN_MS);
    }
    return why;
  }
}

/** A certificate of node:tls, which links to the one that was shown after it. */
type Shown = Pick<DetailedPeerCertificate, "raw"> & Partial<DetailedPeerCertificate>;

/** What a peer has shown, its own first, DER. */
function shownBy(certificate: Shown): Uint8Array[] {
  const found: Uint8Array[] = [];
  let one: Shown | undefined = certificate;
  while (one?.raw && found.length < MAX_SHOWN) {
    found.push(one.raw);
    // The last one links to itself.
    one = one.issuerCertificate === one ? undefined : one.issuerCertificate;
  }
  return found;
}

/**
 * Checks that a server's certificate is for the name that the user wrote: one of those in its
 * subjectAltName extension (RFC 9525 6.3). They are read from the certificate itself: node:tls makes
 * one text of them, and splits it again where a name has a comma in it.
 *
 * @param hostname host name or IP address, in its canonical form
 * @returns an error that names the names it is for, or undefined
 */
export function checkHostname(hostname: string, certificate: PeerCertificate): Error | undefined {
  const names = namesOf(certificate);
  const wanted = nameOf(hostname);
  if (wanted && names.some((name) => covers(name, wanted))) return undefined;
  const list = names.map(({ value }) => value).join(", ") || "no name";
  return new RunError(`the server's certificate is for ${list}, not for ${hostname}`);
}

/** Some host names no certificate can have, such as those with an underscore. */
function nameOf(hostname: string): SubjectName | null {
  try {
    return parseName(hostname);
  } catch {
    return null;
  }
}

function namesOf({ raw }: PeerCertificate): SubjectName[] {
  try {
    return alternativeNames(new X509Certificate(Uint8Array.from(raw)));
  } catch {
    // What cannot be read is good for no name.
    return [];
  }
}

/**
 * A certificate's subject as text, last part first.
 *
 * @param subject its parts in the certificate's order
 * @returns text such as "CN=netpairs server,O=netpairs" (RFC 2253 2); null where there is no part
 */
export function formatSubject(
  subject: Readonly<Record<string, string | string[] | undefined>>,
): string | null {
  const parts = Object.entries(subject).flatMap(([type, values]) =>
    [values ?? []].flat().map((value) => `${type}=${escapeValue(value)}`)
  );
  return parts.reverse().join(",") || null;
}

/** RFC 2253 2.4. */
function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, "\\$&");
}
