/**
 * OpenSSL's and GnuTLS's own clients and servers, which people type to.
 *
 * @module
 */
import type { Role } from "../../model/protocol.ts";
import { assertEquals } from "../assert.ts";
import { isDatagram, isMissing, type Lane, LANES, Peer, READY, type Tool } from "../peers.ts";
import { ORIGINS } from "../programs.ts";
import { take } from "./event_peer.ts";
import type { CaseName, Conn, Implementation, PeerPlan, RunningPeer } from "./implementation.ts";

/** What servers print when the handshake is complete; GnuTLS's says nothing over UDP. */
const SERVED = { openssl: /CIPHER is/, gnutls: /Handshake was completed|listening on/ };

/** What they print when it has failed. */
const REFUSED = { openssl: /SSL alert number|^ERROR$/m, gnutls: /Error in|fatal alert/ };

/** What they print when the other end closes in order: s_client(1), s_server(1), gnutls-cli(1). */
const CLOSED = {
  openssl: { client: /closed$/m, server: /DONE$/m },
  gnutls: { client: /Peer has closed the GnuTLS/, server: /Peer has closed the GnuTLS/ },
};

/** No command and no other word of theirs has it. */
const LETTER = "~";

/** What one message over UDP can be, in bytes, by their buffers. */
const LONGEST_DATAGRAM = {
  openssl: { client: 8192, server: 16_384 },
  gnutls: { client: 1000, server: 254 },
};

/** What they cannot do. */
const CANNOT: Record<Tool, Record<Role, Partial<Record<CaseName, string>>>> = {
  openssl: {
    client: {},
    server: { "the peer closes": "s_server ends without a close_notify" },
  },
  gnutls: {
    client: { "the peer starts again on its port": "gnutls-cli cannot be told its own port" },
    server: {
      "the library closes": "gnutls-serv does not say who has closed",
      "the peer closes": "gnutls-serv does not end a connection by itself",
    },
  },
};

class ToolPeer implements RunningPeer {
  readonly #peer: Peer;
  readonly #role: Role;
  readonly #tool: Tool;

  constructor(peer: Peer, role: Role, tool: Tool) {
    this.#peer = peer;
    this.#role = role;
    this.#tool = tool;
  }

  get port(): number {
    return this.#peer.port;
  }

  async connected(): Promise<void> {
    await this.#peer.printed((this.#role === "client" ? READY : SERVED)[this.#tool]);
  }

  async refused(): Promise<void> {
    await this.#peer.printed(REFUSED[this.#tool]);
  }

  /** They print what they receive, and send what is typed; gnutls-serv sends back. */
  async exchange(conn: Conn, sizeBytes: number): Promise<void> {
    await conn.handshake();
    if (this.#role === "client") await this.connected();
    // gnutls-serv waits for a whole line.
    const text = this.#tool === "gnutls" && this.#role === "server"
      ? `${LETTER.repeat(sizeBytes - 1)}\n`
      : LETTER.repeat(sizeBytes);
    const message = new TextEncoder().encode(text);
    const before = this.#peer.output.length;
    await ("read" in conn ? conn.write(message) : conn.send(message));
    if (this.#tool === "openssl" || this.#role === "client") {
      await this.#peer.printed(new RegExp(`^(?:[^${LETTER}]*${LETTER}){${sizeBytes}}`), before);
      await this.#peer.type(text);
    }
    assertEquals(await take(conn, sizeBytes), message);
  }

  async close(): Promise<void> {
    await this.#peer.end();
  }

  async closed(): Promise<void> {
    await this.#peer.printed(CLOSED[this.#tool][this.#role]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
  }
}

async function start(tool: Tool, role: Role, plan: PeerPlan): Promise<RunningPeer> {
  const { version, cert, ca, psk, port, localPort } = plan;
  const lane: Lane = { tool, version };
  const options = {
    ...cert ? { cert } : {},
    ...ca ? { ca } : {},
    ...psk ? { psk } : {},
    ...localPort ? { args: ["-bind", `127.0.0.1:${localPort}`] } : {},
  };
  const peer = role === "client"
    ? await Peer.startClient(lane, port, options)
    : await Peer.startServer(lane, { ...options, ...port ? { port } : {} });
  return new ToolPeer(peer, role, tool);
}

/** `openssl s_client` and `s_server`, or `gnutls-cli` and `gnutls-serv`. */
export function tool(name: Tool): Implementation {
  const isHere = !isMissing(name, "client") && !isMissing(name, "server");
  return {
    name: name === "openssl" ? "OpenSSL" : "GnuTLS",
    versions: LANES.filter((lane) => lane.tool === name).map(({ version }) => version),
    missing: isHere ? null : ORIGINS[name === "openssl" ? name : "gnutls-cli"],
    longest: (role, version) => isDatagram(version) ? LONGEST_DATAGRAM[name][role] : 16_384,
    cannot: (what, role) => CANNOT[name][role][what],
    start: (role, plan) => start(name, role, plan),
  };
}
