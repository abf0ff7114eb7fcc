/**
 * libcoap's coap-client and coap-server, on OpenSSL or on GnuTLS, with the suites of RFC 7252 9.1.3.
 *
 * @module
 */
import type { DtlsConn } from "../../../dtls/lib/conn.ts";
import type { Role } from "../../model/protocol.ts";
import { assertEquals, assertExists } from "../assert.ts";
import { testCertificates } from "../certs.ts";
import { type Folder, folderWith } from "../folder.ts";
import { findProgram, ORIGINS } from "../programs.ts";
import { RunningProgram } from "../running_program.ts";
import { PATIENCE_MS } from "../within.ts";
import { freePort } from "../free_port.ts";
import type { CaseName, Conn, Implementation, PeerPlan, RunningPeer } from "./implementation.ts";

/** Types and codes of RFC 7252: confirmable, acknowledgement (3); class * 32 + detail (12.1). */
const CON = 0, ACK = 2, EMPTY = 0x00, GET = 0x01, PUT = 0x03;

/** Below 16, a path of one short part: an option's number and length in a byte each half. */
const URI_PATH = 11, PATH = "x";

/** What libcoap sends in one message; a longer one it cuts into blocks (RFC 7959). */
const LONGEST_BYTES = 1024;

/** A message without a token; a request is for the one path. */
function message(type: number, code: number, id: number, payload: Uint8Array): Uint8Array {
  const path = code === GET || code === PUT
    ? [URI_PATH << 4 | PATH.length, PATH.charCodeAt(0)]
    : [];
  return Uint8Array.of(
    ...[0x40 | type << 4, code, id >> 8, id & 255, ...path],
    ...payload.length > 0 ? [0xff, ...payload] : [],
  );
}

/** A running client or server. */
class CoapPeer implements RunningPeer {
  readonly port: number;
  readonly #role: Role;
  readonly #folder: Folder;
  readonly #program: RunningProgram;
  /** The client's request, as long as it is not answered. */
  #request: Uint8Array | null = null;
  #id = 1;

  constructor(role: Role, port: number, folder: Folder, program: RunningProgram) {
    this.#role = role;
    this.port = port;
    this.#folder = folder;
    this.#program = program;
  }

  async connected(): Promise<void> {
    await this.#program.printed(/DTLS: session connected/);
  }

  async refused(): Promise<void> {
    await this.#program.printed(/DTLS: session disconnected|No response received/);
  }

  /** What a server keeps is what it gives; a client has a long request, and no resource. */
  async exchange(conn: Conn, sizeBytes: number): Promise<void> {
    const payload = new Uint8Array(sizeBytes).map((_, i) => 97 + i % 26);
    if (this.#role === "client" && !this.#request) {
      this.#request = await hearFrom(conn);
      assertEquals(this.#request.subarray(-LONGEST_BYTES), LONG);
      // It waits for its answer, which comes later (RFC 7252 5.2.2).
      await (conn as DtlsConn).send(message(ACK, EMPTY, idOf(this.#request), new Uint8Array()));
    }
    const put = await this.#ask(conn, PUT, payload);
    if (this.#role === "client") return assertEquals(put[1]! >> 5, 4, "it has nothing");
    assertEquals(put[1]! >> 5, 2);
    const given = await this.#ask(conn, GET, new Uint8Array());
    assertEquals(given.subarray(-sizeBytes), payload);
    assertEquals(given.at(-sizeBytes - 1), 0xff);
  }

  async #ask(conn: Conn, code: number, payload: Uint8Array): Promise<Uint8Array> {
    const id = this.#id++;
    await (conn as DtlsConn).send(message(CON, code, id, payload));
    const answer = await hearFrom(conn);
    assertEquals([answer[0]! >> 4 & 3, idOf(answer)], [ACK, id]);
    return answer;
  }

  async close(): Promise<void> {
    this.#program.signal("SIGINT");
    assertEquals(await this.#program.code(), 0);
  }

  async closed(): Promise<void> {
    await this.#program.printed(/DTLS: session disconnected/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

const LONG = new Uint8Array(LONGEST_BYTES).fill(65);

function idOf(bytes: Uint8Array): number {
  return bytes[2]! << 8 | bytes[3]!;
}

async function hearFrom(conn: Conn): Promise<Uint8Array> {
  const bytes = await (conn as DtlsConn).receive(undefined, PATIENCE_MS);
  assertExists(bytes, "the peer has ended");
  return bytes;
}

async function start(library: string, role: Role, plan: PeerPlan): Promise<RunningPeer> {
  const { port, cert = "good", ca = "good", psk, localPort } = plan;
  const [own, trusted] = await Promise.all([testCertificates(cert), testCertificates(ca)]);
  const folder = await folderWith({
    "ca.pem": trusted.ca,
    "own.pem": own[role].cert + own[role].key,
    "request": new TextDecoder().decode(LONG),
  });
  const secret = psk
    ? ["-k", new TextDecoder().decode(psk.key), "-u", psk.identity]
    : ["-c", "own.pem", "-C", "ca.pem"];
  const program = `coap-${role}-${library}`;
  // Everything that happens is on its log then.
  const log = ["-v", "7"];
  if (role === "client") {
    const bind = localPort ? ["-a", "127.0.0.1", "-p", `${localPort}`] : [];
    const request = ["-m", "put", "-f", "request", `coaps://127.0.0.1:${port}/${PATH}`];
    const args = [...log, ...bind, ...secret, ...request];
    return new CoapPeer(role, port, folder, RunningProgram.start(program, args, folder.dir));
  }
  // DTLS is on the next port after the one it is told.
  const ownPort = port || freePort("udp");
  const args = [...log, "-A", "127.0.0.1", "-p", `${ownPort - 1}`, "-d", "10", ...secret];
  const peer = RunningProgram.start(program, args, folder.dir);
  await peer.printed(/created DTLS endpoint/);
  return new CoapPeer(role, ownPort, folder, peer);
}

/** libcoap on one of the libraries that it is built for. */
export function libcoap(library: "openssl" | "gnutls"): Implementation {
  const programs = [`coap-client-${library}`, `coap-server-${library}`] as const;
  const missing = programs.find((program) => !findProgram(program));
  return {
    name: `libcoap (${library})`,
    versions: ["DTLSv1.2"],
    missing: missing ? ORIGINS[missing] : null,
    settings: ({ psk }) => ({
      ciphers: psk ? "PSK-AES128-CCM8" : "ECDHE-ECDSA-AES128-CCM8",
      ccm8Ciphers: true,
    }),
    longest: () => LONGEST_BYTES,
    cannot: (what: CaseName, role) => {
      if (what !== "a resumed handshake") return undefined;
      if (role === "client") return "coap-client keeps no session";
      // Without a session id context OpenSSL ends a handshake that resumes: SSL_CTX_set_verify(3).
      return library === "openssl"
        ? "coap-server-openssl gives tickets that it does not take"
        : "coap-server-gnutls gives no ticket";
    },
    start: (role, plan) => start(library, role, plan),
  };
}
