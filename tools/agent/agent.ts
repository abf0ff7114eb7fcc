/**
 * The listener of an agent: who may talk to it, one at a time.
 *
 * @module
 */
import {
  addressOf,
  formatAddress,
  isLinkLocal,
  mappedIpv4,
  withZoneOf,
} from "../../common/base/addresses.ts";
import { describe } from "../../common/base/errors.ts";
import { TroubleLines } from "../../common/cli/trouble_lines.ts";
import { listenAddress } from "../../common/deno/lookup.ts";
import { loadCertificates } from "../../common/pem/certificate_files.ts";
import type { TlsConn } from "../../tls/lib/conn.ts";
import { listenTls, type TlsListener } from "../../tls/lib/listen.ts";
import { Lines } from "./lines.ts";
import { MAX_QUESTION_BYTES } from "./messages.ts";
import { AgentSession, type AgentSettings } from "./session.ts";
import { timeOfDay } from "./time_of_day.ts";

/** Longest handshake in milliseconds. */
const HANDSHAKE_MS = 5000;

/** Strangers that have not shown a certificate, and clients that are told to come later. */
const MAX_HANDSHAKES = 64;
const MAX_SESSIONS = 16;

/** Listens for clients with a certificate of its own authority, and serves one of them at a time. */
export class Agent {
  /** Where it listens, for people, and the port of that. */
  readonly address: string;
  readonly port: number;
  readonly #listener: TlsListener;
  readonly #settings: AgentSettings;
  /** For people: of a flood of them some. */
  readonly #lines: TroubleLines;
  readonly #nowUs: () => number;
  readonly #conversations = new Set<Promise<void>>();
  #isBusy = false;
  #isClosing = false;

  private constructor(
    listener: TlsListener,
    settings: AgentSettings,
    troubles: TroubleLines,
  ) {
    const { hostname, port } = listener.addr;
    this.port = port;
    this.address = formatAddress(withZoneOf(settings.hostname, hostname), port);
    this.#listener = listener;
    this.#settings = settings;
    this.#lines = troubles;
    const nowUs = timeOfDay();
    this.#nowUs = () => Math.round(nowUs()) + settings.clockShiftUs;
  }

  /**
   * Listens.
   *
   * @param port 0 for a free one
   * @param say takes lines for people
   * @throws {RunError} where a certificate cannot be used, or the address not be listened on
   */
  static async listen(
    port: number,
    settings: AgentSettings,
    say: (line: string) => void,
  ): Promise<Agent> {
    const troubles = new TroubleLines(say);
    const listener = listenTls({
      ...await loadCertificates(settings, "server"),
      clientCertificate: "require",
      hostname: await listenAddress(settings.hostname),
      port,
      handshakeTimeoutMs: settings.handshakeMs ?? HANDSHAKE_MS,
      maxHandshakes: MAX_HANDSHAKES,
      maxSessions: MAX_SESSIONS,
      onError: (error, addr) => troubles.add(`${addressOf(addr)}: ${describe(error)}`),
    });
    return new Agent(listener, settings, troubles);
  }

  /**
   * Serves clients until it is closed.
   *
   * @throws {Error} where its socket has failed: one of Deno.errors
   */
  async serve(): Promise<void> {
    for await (const conn of this.#listener) {
      const conversation = this.#converse(conn);
      this.#conversations.add(conversation);
      void conversation.then(() => this.#conversations.delete(conversation));
    }
  }

  /** Ends everything: the lane's server, the client's connection, the socket. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#listener.close();
    await Promise.all(this.#conversations);
    this.#lines.flush();
  }

  /** With one client, to its end; it never rejects. */
  async #converse(conn: TlsConn): Promise<void> {
    try {
      await conn.handshake();
    } catch {
      // The listener has said why.
      conn.abandon();
      return;
    }
    const peer = addressOf(conn.remoteAddr);
    const lines = new Lines(conn, MAX_QUESTION_BYTES, this.#nowUs, this.#settings.silenceMs);
    try {
      if (this.#isBusy) await this.#turnAway(peer, lines);
      else await this.#serveOne(peer, conn.localAddr.hostname, lines);
      await conn.close();
    } catch (error) {
      if (!this.#isClosing) this.#lines.add(`${peer}: ${describe(error)}`);
      // What it was told last is still on its way.
      await conn.close();
    }
  }

  async #turnAway(peer: string, lines: Lines): Promise<void> {
    this.#lines.add(`${peer}: told that the agent is busy`);
    await lines.write({ say: "busy" });
  }

  /** @param local to which of this machine's addresses the client has come */
  async #serveOne(peer: string, local: string, lines: Lines): Promise<void> {
    this.#isBusy = true;
    this.#lines.add(`${peer}: served`);
    try {
      const host = {
        settings: { ...this.#settings, hostname: this.#laneHost(local) },
        nowUs: this.#nowUs,
        say: (line: string) => this.#lines.add(`${peer}: ${line}`),
      };
      await new AgentSession(host, lines).run();
      this.#lines.add(`${peer}: has ended`);
    } finally {
      this.#isBusy = false;
    }
  }

  /**
   * Where lanes' servers listen: on UDP the answer of one that listens on all addresses may leave from
   * another than its client was told, which takes it for a stranger's. A link-local address is not
   * told with its interface.
   */
  #laneHost(local: string): string {
    const { hostname } = this.#listener.addr;
    const isAny = hostname === "0.0.0.0" || hostname === "::";
    return isAny && !isLinkLocal(local) ? mappedIpv4(local) ?? local : this.#settings.hostname;
  }
}
