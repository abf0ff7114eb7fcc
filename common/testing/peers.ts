/**
 * Other implementations to test against: OpenSSL's and GnuTLS's own clients and servers, started
 * as programs.
 *
 * @module
 */
import type { DtlsConn } from "../../dtls/lib/conn.ts";
import type { TlsConn } from "../../tls/lib/conn.ts";
import type { TlsVersion } from "../openssl/settings.ts";
import type { Role } from "../model/protocol.ts";
import { assertEquals } from "./assert.ts";
import { type CertificateKind, testCertificates } from "./certs.ts";
import { type Folder, folderWith } from "./folder.ts";
import { freePort } from "./free_port.ts";
import { findProgram } from "./programs.ts";
import { RunningProgram } from "./running_program.ts";
import { PATIENCE_MS } from "./within.ts";

export { PATIENCE_MS, within } from "./within.ts";

/** Whose tools. */
export type Tool = "openssl" | "gnutls";

/** One of the implementations, in one version of the protocol. */
export interface Lane {
  tool: Tool;
  version: TlsVersion;
}

/** All of them. */
export const LANES: readonly Lane[] = (["openssl", "gnutls"] as const).flatMap((tool) =>
  (["TLSv1.2", "TLSv1.3", "DTLSv1.2"] as const).map((version) => ({ tool, version }))
);

/** What a peer is started with; both ends show certificates where there is no `psk`. */
export interface PeerOptions {
  /** Its certificate (default "good"). */
  cert?: CertificateKind;
  /** The authority it believes (default "good"). */
  ca?: CertificateKind;
  /** Key instead of certificates. */
  psk?: { identity: string; key: Uint8Array };
  /** Application protocols. */
  alpn?: readonly string[];
  /** `s_client`: session to resume, as PEM. */
  session?: string;
  /** A server's port (default a free one). */
  port?: number;
  /** Arguments of its own command line. */
  args?: readonly string[];
}

/** Files of a peer, in its working directory, which is gone with it. */
const FILES = {
  ca: "ca.pem",
  cert: "cert.pem",
  key: "key.pem",
  psk: "psk.txt",
  sessionIn: "session-in.pem",
  sessionOut: "session-out.pem",
} as const;

/** Programs, with the argument that makes them a client or a server. */
const COMMANDS = {
  openssl: { client: ["openssl", "s_client"], server: ["openssl", "s_server"] },
  gnutls: { client: ["gnutls-cli"], server: ["gnutls-serv"] },
} as const;

/** What a tool's client or server is called. */
export function nameOf(tool: Tool, role: Role): string {
  return COMMANDS[tool][role].join(" ");
}

/** Whether a tool cannot be started here; its tests are ignored then. */
export function isMissing(tool: Tool, role: Role): boolean {
  return findProgram(COMMANDS[tool][role][0]) === null;
}

/** A client or a server of another implementation, killed when it is disposed. */
export class Peer implements AsyncDisposable {
  /** Where a server listens, on 127.0.0.1. */
  port = 0;
  readonly #tool: Tool;
  readonly #role: Role;
  readonly #folder: Folder;
  readonly #program: RunningProgram;

  private constructor(tool: Tool, role: Role, folder: Folder, program: RunningProgram) {
    this.#tool = tool;
    this.#role = role;
    this.#folder = folder;
    this.#program = program;
  }

  /** Starts a client for a server on that port of 127.0.0.1. */
  static startClient(lane: Lane, port: number, options: PeerOptions = {}): Promise<Peer> {
    return Peer.#start(lane, "client", port, options);
  }

  /** Starts a server on a free port of 127.0.0.1. */
  static async startServer(lane: Lane, options: PeerOptions = {}): Promise<Peer> {
    // gnutls-serv binds 0, but does not tell what it got.
    const transport = isDatagram(lane.version) ? "udp" : "tcp";
    for (let attempt = 1;; attempt++) {
      const wanted = options.port ?? (lane.tool === "openssl" ? 0 : freePort(transport, "0.0.0.0"));
      await using made = new AsyncDisposableStack();
      const peer = made.use(await Peer.#start(lane, "server", wanted, options));
      const [, port, failure] = await peer.printed(LISTENING[lane.tool]);
      if (!failure) {
        peer.port = Number(port ?? wanted);
        made.move();
        return peer;
      }
      if (attempt === 5) throw new Error(`${failure}, five times`);
    }
  }

  static async #start(lane: Lane, role: Role, port: number, options: PeerOptions): Promise<Peer> {
    const folder = await folderWith(await filesOf(role, options));
    const [program, ...first] = COMMANDS[lane.tool][role];
    const args = [...first, ...OPTIONS[lane.tool][role]({ ...options, ...lane, port })];
    return new Peer(lane.tool, role, folder, RunningProgram.start(program, args, folder.dir));
  }

  /** Waits until it has printed that, on stdout or stderr. */
  printed(pattern: RegExp, from?: number): Promise<RegExpExecArray> {
    return this.#program.printed(pattern, from);
  }

  /** Everything that it has printed until now. */
  get output(): string {
    return this.#program.output;
  }

  /** Its exit code, when it ends by itself. */
  code(): Promise<number> {
    return this.#program.code();
  }

  /** What a user would type. */
  type(text: string): Promise<void> {
    return this.#program.type(text);
  }

  /** A message each way, over an established connection or one that a server still accepts. */
  async exchange(conn: Conn): Promise<void> {
    if (this.#role === "client") {
      await this.printed(READY[this.#tool]);
      await this.#answer(conn);
    }
    await say(conn, "hello from the library\n");
    await this.printed(/hello from the library/);
    if (this.#role === "client") return;
    // gnutls-serv says it again, s_server is told what to say.
    if (this.#tool === "openssl") return await this.#answer(conn);
    assertEquals(await hear(conn), "hello from the library\n");
  }

  async #answer(conn: Conn): Promise<void> {
    await this.type("hello from the peer\n");
    assertEquals(await hear(conn), "hello from the peer\n");
  }

  /** A client ends its connection in order, as a user would do it. */
  async end(): Promise<void> {
    // "End this connection": openssl-s_client(1).
    if (this.#tool === "openssl") await this.type("Q\n");
    else await this.#program.endInput();
  }

  /** `s_client`, after its end: the session the server gave it, as PEM. */
  savedSession(): Promise<string> {
    return Deno.readTextFile(this.#folder.path(FILES.sessionOut));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/**
 * What servers print when they listen: OpenSSL's the port alone that it has found, and GnuTLS's goes on
 * where it is taken.
 */
const LISTENING: Record<Tool, RegExp> = {
  openssl: /ACCEPT(?: 127\.0\.0\.1:(\d+))?\n/,
  gnutls: /listening on IPv4 0\.0\.0\.0 port (\d+)\.\.\.(?:done|(bind\(\) failed.*)\n)/,
};

/** What clients print when the handshake is complete. */
export const READY: Record<Tool, RegExp> = {
  openssl: /Verify return code: 0 \(ok\)/,
  gnutls: /Handshake was completed/,
};

/** Whether the version is one of DTLS. */
export function isDatagram(version: TlsVersion): boolean {
  return version.startsWith("DTLS");
}

async function filesOf(role: Role, options: PeerOptions): Promise<Record<string, string>> {
  const { cert = "good", ca = "good", psk, session } = options;
  const [own, trusted] = await Promise.all([testCertificates(cert), testCertificates(ca)]);
  return {
    [FILES.ca]: trusted.ca,
    [FILES.cert]: own[role].cert,
    [FILES.key]: own[role].key,
    ...psk ? { [FILES.psk]: `${psk.identity}:${psk.key.toHex()}\n` } : {},
    ...session ? { [FILES.sessionIn]: session } : {},
  };
}

interface PeerPlan extends PeerOptions, Lane {
  port: number;
}

/** Command lines: openssl-s_client(1), openssl-s_server(1), gnutls-cli(1), gnutls-serv(1). */
const OPTIONS: Record<Tool, Record<Role, (plan: PeerPlan) => string[]>> = {
  openssl: {
    client: (plan) => [
      ...["-connect", `127.0.0.1:${plan.port}`, ...opensslArguments(plan)],
      ...["-sess_out", FILES.sessionOut],
      ...plan.session === undefined ? [] : ["-sess_in", FILES.sessionIn],
      ...plan.psk ? [] : ["-verify_ip", "127.0.0.1"],
    ],
    server: (plan) => [
      ...["-accept", `127.0.0.1:${plan.port}`, ...opensslArguments(plan)],
      ...plan.psk ? ["-nocert"] : ["-Verify", "1"],
    ],
  },
  gnutls: {
    client: (plan) => [
      ...gnutlsArguments(plan),
      ...plan.psk ? ["--pskusername", plan.psk.identity, "--pskkey", plan.psk.key.toHex()] : [],
      "127.0.0.1",
    ],
    server: (plan) => [
      ...[...gnutlsArguments(plan), "--echo"],
      ...plan.psk ? ["--pskpasswd", FILES.psk] : ["--require-client-cert", "--verify-client-cert"],
    ],
  },
};

function opensslArguments({ version, alpn, psk, args = [] }: PeerPlan): string[] {
  return [
    // "TLSv1.2" is -tls1_2.
    `-${version.toLowerCase().replace("v", "").replace(".", "_")}`,
    ...alpn ? ["-alpn", alpn.join(",")] : [],
    ...psk
      ? ["-psk", psk.key.toHex(), "-psk_identity", psk.identity]
      : ["-cert", FILES.cert, "-key", FILES.key, "-CAfile", FILES.ca, "-verify_return_error"],
    ...args,
  ];
}

function gnutlsArguments({ version, alpn = [], psk, port, args = [] }: PeerPlan): string[] {
  // Up to 1.2, gnutls-cli 3.7 crashes after DHE-PSK and ECDHE-PSK, with openssl s_server, too.
  const exchange = version.endsWith("1.3") ? "ECDHE-PSK" : "PSK";
  const priority = `NORMAL:-VERS-ALL:+VERS-${version.replace("v", "")}`;
  return [
    ...["--port", String(port), ...isDatagram(version) ? ["--udp"] : []],
    ...["--priority", psk ? `${priority}:-KX-ALL:+${exchange}` : priority],
    ...alpn.flatMap((name) => ["--alpn", name]),
    ...psk
      ? []
      : ["--x509certfile", FILES.cert, "--x509keyfile", FILES.key, "--x509cafile", FILES.ca],
    ...args,
  ];
}

/** A connection of the library, over TLS or DTLS. */
type Conn = Pick<TlsConn, "read" | "write"> | Pick<DtlsConn, "receive" | "send">;

/** Writes or sends a text. */
export async function say(conn: Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  await ("write" in conn ? conn.write(bytes) : conn.send(bytes));
}

/** Reads or receives a text, which comes in one piece; null when the peer has ended. */
export async function hear(conn: Conn): Promise<string | null> {
  const into = new Uint8Array(1024);
  const message = "read" in conn
    ? await conn.read(into, PATIENCE_MS).then((length) => length && into.subarray(0, length))
    : await conn.receive(into, PATIENCE_MS);
  return message ? new TextDecoder().decode(message) : null;
}
