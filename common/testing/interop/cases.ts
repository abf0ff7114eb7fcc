/**
 * What the library does with every other implementation, in either role: one table for all of them.
 *
 * @module
 */
import { CertificateError, OpenSslError } from "../../openssl/bindings/errors.ts";
import type { ConnectSettings, ListenSettings, TlsVersion } from "../../openssl/settings.ts";
import { connectDtls } from "../../../dtls/lib/connect.ts";
import { type DtlsListener, listenDtls } from "../../../dtls/lib/listen.ts";
import { connectTls } from "../../../tls/lib/connect.ts";
import { listenTls, type TlsListener } from "../../../tls/lib/listen.ts";
import type { Role } from "../../model/protocol.ts";
import { assert, assertEquals, assertExists, assertRejects } from "../assert.ts";
import { testCertificates } from "../certs.ts";
import { hear, isDatagram } from "../peers.ts";
import { PATIENCE_MS, within } from "../within.ts";
import { freePort } from "../free_port.ts";
import type { CaseName, Conn, Implementation, PeerPlan, RunningPeer } from "./implementation.ts";

const KEY = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
const WRONG = new Uint8Array(32).fill(8);

/** RFC 5246 6.2.1. */
const LONGEST_BYTES = 16_384;

/** On DTLS a wrong key is met with silence: nothing is waited for but this, in milliseconds. */
const SILENCE_MS = 500;

/** How long a handshake with a wrong key may take. */
function wrongKeyMs({ version }: Bench): number {
  return isDatagram(version) ? SILENCE_MS : PATIENCE_MS;
}

/** One implementation in one version, and what the library does with it. */
class Bench {
  readonly #peer: Implementation;
  readonly version: TlsVersion;

  constructor(peer: Implementation, version: TlsVersion) {
    this.#peer = peer;
    this.version = version;
  }

  /** The longest message for a peer of that role, in bytes. */
  longest(role: Role): number {
    return this.#peer.longest?.(role, this.version) ?? LONGEST_BYTES;
  }

  startServer(plan: Partial<PeerPlan> = {}): Promise<RunningPeer> {
    return this.#peer.start("server", { version: this.version, port: 0, ...plan });
  }

  startClient(listener: { addr: Deno.NetAddr }, plan: Partial<PeerPlan> = {}) {
    return this.#peer.start("client", {
      ...{ version: this.version, port: listener.addr.port, ...plan },
    });
  }

  async connect({ port }: RunningPeer, options: Partial<ConnectSettings> = {}): Promise<Conn> {
    const { ca, client } = await testCertificates();
    const settings = {
      ...{ port, ...this.#common(options.psk && KEY) },
      ...options.psk ? {} : { caCerts: [ca], ...client },
      ...options,
    };
    return isDatagram(this.version) ? connectDtls(settings) : connectTls(settings);
  }

  async listen(options: Partial<ListenSettings> = {}): Promise<TlsListener | DtlsListener> {
    const { ca, server } = await testCertificates();
    const own = { caCerts: [ca], ...server, clientCertificate: "require" as const };
    const settings = {
      ...{ hostname: "127.0.0.1", port: 0, ...this.#common(options.pskLookup && KEY) },
      ...options.pskLookup ? {} : own,
      ...options,
    };
    return isDatagram(this.version) ? listenDtls(settings) : listenTls(settings);
  }

  /** The peer refuses the library's certificate. */
  async isToldOfRefusal(conn: Conn): Promise<void> {
    if (this.#peer.refusesInSilence) {
      await assertRejects(() => established(conn), Deno.errors.UnexpectedEof);
    } else await assertRejects(() => established(conn), OpenSslError, "the peer refused");
  }

  #common(psk: PeerPlan["psk"]) {
    const { version } = this;
    return {
      ...{ minVersion: version, maxVersion: version, handshakeTimeoutMs: PATIENCE_MS },
      ...this.#peer.settings?.({ version, ...psk ? { psk } : {} }),
    };
  }
}

async function accept(listener: TlsListener | DtlsListener): Promise<Conn> {
  const conn = await within<Conn | null>(listener.accept(), () => "nobody connects");
  assertExists(conn);
  return conn;
}

/** In TLS 1.3 a client is through before the server has looked at its certificate, or its key. */
async function established(conn: Conn): Promise<void> {
  await conn.handshake();
  await hear(conn);
}

/** The library is the client. */
const WITH_SERVERS: Record<CaseName, (bench: Bench) => Promise<void>> = {
  "a full handshake, messages of 1 byte and the longest": async (bench) => {
    await using peer = await bench.startServer();
    await using conn = await bench.connect(peer);
    await conn.handshake();
    await peer.connected();
    assertEquals([conn.info.version, conn.info.resumed], [bench.version, false]);
    assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
    await peer.exchange(conn, 1);
    await peer.exchange(conn, bench.longest("server"));
  },

  "a resumed handshake": async (bench) => {
    await using peer = await bench.startServer();
    await using first = await bench.connect(peer);
    await peer.exchange(first, 100);
    using session = first.saveSession();
    assertExists(session);
    await first.close();
    await using second = await bench.connect(peer, { session });
    await peer.exchange(second, 100);
    assert(second.info.resumed);
  },

  "a certificate that the library refuses": async (bench) => {
    await using peer = await bench.startServer({ cert: "stranger" });
    await using conn = await bench.connect(peer);
    await assertRejects(() => conn.handshake(), CertificateError, "unable to get local issuer");
    await peer.refused();
  },

  "a certificate that the peer refuses": async (bench) => {
    await using peer = await bench.startServer({ ca: "stranger" });
    await using conn = await bench.connect(peer);
    await bench.isToldOfRefusal(conn);
    await peer.refused();
  },

  "a right key and a wrong one": async (bench) => {
    await using peer = await bench.startServer({ psk: KEY });
    await using right = await bench.connect(peer, { psk: KEY });
    await peer.exchange(right, 100);
    await right.close();
    await using wrong = await bench.connect(peer, {
      ...{ psk: { ...KEY, key: WRONG }, handshakeTimeoutMs: wrongKeyMs(bench) },
    });
    await assertRejects(() => established(wrong), Error);
    // Over UDP both ends drop what they cannot decrypt.
    if (!isDatagram(bench.version)) await peer.refused();
  },

  "the library closes": async (bench) => {
    await using peer = await bench.startServer();
    await using conn = await bench.connect(peer);
    await peer.exchange(conn, 100);
    await conn.close();
    await peer.closed();
  },

  "the peer closes": async (bench) => {
    await using peer = await bench.startServer();
    await using conn = await bench.connect(peer);
    await peer.exchange(conn, 100);
    await peer.close();
    assertEquals(await hear(conn), null);
  },

  "the peer starts again on its port": async (bench) => {
    const port = freePort(isDatagram(bench.version) ? "udp" : "tcp", "0.0.0.0");
    await using made = new AsyncDisposableStack();
    let conn: Conn;
    {
      await using peer = await bench.startServer({ port });
      conn = made.use(await bench.connect(peer));
      await peer.exchange(conn, 100);
    }
    using session = conn.saveSession();
    assertExists(session);
    conn.abandon();
    await using peer = await bench.startServer({ port });
    await using again = await bench.connect(peer, { session });
    await peer.exchange(again, 100);
    // It has other keys for its tickets now: nothing is lost but the abbreviation.
    assert(!again.info.resumed);
  },
};

/** The library is the server. */
const WITH_CLIENTS: Record<CaseName, (bench: Bench) => Promise<void>> = {
  "a full handshake, messages of 1 byte and the longest": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener);
    await using conn = await accept(listener);
    await conn.handshake();
    await peer.connected();
    assertEquals([conn.info.version, conn.info.resumed], [bench.version, false]);
    assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
    await peer.exchange(conn, 1);
    await peer.exchange(conn, bench.longest("client"));
  },

  "a resumed handshake": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener, { resumes: true });
    await using first = await accept(listener);
    await peer.exchange(first, 100);
    await first.close();
    await using second = await accept(listener);
    await peer.exchange(second, 100);
    assert(second.info.resumed);
  },

  "a certificate that the library refuses": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener, { cert: "stranger" });
    await using conn = await accept(listener);
    await assertRejects(() => conn.handshake(), CertificateError, "unable to get local issuer");
    // In TLS 1.3 a client hears of it after its handshake.
    if (bench.version !== "TLSv1.3") await peer.refused();
  },

  "a certificate that the peer refuses": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener, { ca: "stranger" });
    await using conn = await accept(listener);
    await bench.isToldOfRefusal(conn);
    await peer.refused();
  },

  "a right key and a wrong one": async (bench) => {
    const pskLookup = (identity: string) => identity === KEY.identity ? KEY.key : null;
    await using listener = await bench.listen({ pskLookup });
    await using right = await bench.startClient(listener, { psk: KEY });
    await using conn = await accept(listener);
    await right.exchange(conn, 100);
    assertEquals(conn.info.pskIdentity, KEY.identity);
    await using other = await bench.listen({ pskLookup, handshakeTimeoutMs: wrongKeyMs(bench) });
    await using wrong = await bench.startClient(other, { psk: { ...KEY, key: WRONG } });
    await using refused = await accept(other);
    await assertRejects(() => refused.handshake(), Error);
    if (!isDatagram(bench.version)) await wrong.refused();
  },

  "the library closes": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener);
    await using conn = await accept(listener);
    await peer.exchange(conn, 100);
    await conn.close();
    await peer.closed();
  },

  "the peer closes": async (bench) => {
    await using listener = await bench.listen();
    await using peer = await bench.startClient(listener);
    await using conn = await accept(listener);
    await peer.exchange(conn, 100);
    await peer.close();
    assertEquals(await hear(conn), null);
  },

  "the peer starts again on its port": async (bench) => {
    await using listener = await bench.listen();
    const localPort = freePort(isDatagram(bench.version) ? "udp" : "tcp");
    await using made = new AsyncDisposableStack();
    let conn: Conn;
    {
      await using peer = await bench.startClient(listener, { localPort });
      conn = made.use(await accept(listener));
      await peer.exchange(conn, 100);
      // A killed client says nothing over UDP; over TCP its system says that it is gone.
    }
    if (!isDatagram(bench.version)) await hear(conn).catch(() => null);
    conn.abandon();
    await using peer = await bench.startClient(listener, { localPort });
    await using again = await accept(listener);
    await peer.exchange(again, 100);
    assertEquals(again.remoteAddr.port, localPort);
  },
};

/** Registers the table's tests for one implementation, or those of them that are named. */
export function interopTests(peer: Implementation, names?: readonly CaseName[]): void {
  const tables = [["server", WITH_SERVERS], ["client", WITH_CLIENTS]] as const;
  for (const version of peer.versions) {
    for (const [role, table] of tables) {
      for (const name of names ?? (Object.keys(table) as CaseName[])) {
        registerCase(peer, version, role, name, table[name]);
      }
    }
  }
}

function registerCase(
  peer: Implementation,
  version: TlsVersion,
  role: Role,
  name: CaseName,
  test: (bench: Bench) => Promise<void>,
): void {
  const does = role === "server" ? "connect" : "listen";
  const ours = `${does}${isDatagram(version) ? "Dtls" : "Tls"}()`;
  const reason = peer.missing ?? peer.cannot(name, role, version);
  Deno.test({
    name: `${ours} with a ${peer.name} ${role}, ${version}: ${name}` +
      (reason === undefined ? "" : ` (not tested: ${reason})`),
    ignore: reason !== undefined,
    fn: () => test(new Bench(peer, version)),
  });
}
