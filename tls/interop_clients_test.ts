/** The library's servers, TLS and DTLS, against the clients of OpenSSL and GnuTLS. */
import { CertificateError, OpenSslError } from "../common/openssl/bindings/errors.ts";
import { SavedSession } from "../common/openssl/saved_session.ts";
import type { ListenSettings } from "../common/openssl/settings.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import {
  hear,
  isDatagram,
  isMissing,
  type Lane,
  LANES,
  nameOf,
  PATIENCE_MS,
  Peer,
  say,
  within,
} from "../common/testing/peers.ts";
import { connectDtls } from "../dtls/lib/connect.ts";
import type { DtlsConn } from "../dtls/lib/conn.ts";
import { type DtlsListener, listenDtls } from "../dtls/lib/listen.ts";
import type { TlsConn } from "./lib/conn.ts";
import { connectTls } from "./lib/connect.ts";
import { listenTls, type TlsListener } from "./lib/listen.ts";

type Conn = TlsConn | DtlsConn;
type Listener = TlsListener | DtlsListener;

/** What a client prints when it refuses the server's certificate. */
const REFUSES = { openssl: /certificate verify failed/, gnutls: /certificate is NOT trusted/ };

/** When the server refuses it. */
const REFUSED = { openssl: /SSL alert number/, gnutls: /fatal alert/ };

const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };

/** What a server does with a client of another implementation, and its name. */
const CASES: Record<string, (lane: Lane) => Promise<void>> = {
  "exchanges messages, both ends with certificates": async (lane) => {
    await using listener = await listen(lane);
    await using peer = await Peer.startClient(lane, listener.addr.port);
    await using conn = await accept(listener);
    await conn.handshake();
    assertEquals(conn.info.version, lane.version);
    assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
    await peer.exchange(conn);
    await end(peer, conn);
  },

  "lets a client resume": async (lane) => {
    await using listener = await listen(lane);
    const resumed = lane.tool === "openssl"
      ? await twoClients(lane, listener)
      : await oneClient(lane, listener);
    assertEquals(resumed, [false, true]);
  },

  "refuses a client's certificate of another authority": async (lane) => {
    await using listener = await listen(lane);
    await using peer = await Peer.startClient(lane, listener.addr.port, { cert: "stranger" });
    await using conn = await accept(listener);
    await assertRejects(() => conn.handshake(), CertificateError, "unable to get local issuer");
    await peer.printed(REFUSED[lane.tool]);
    assertNotEquals(await peer.code(), 0);
  },

  "is told that its certificate is refused": async (lane) => {
    await using listener = await listen(lane);
    await using peer = await Peer.startClient(lane, listener.addr.port, { ca: "stranger" });
    await using conn = await accept(listener);
    await assertRejects(() => conn.handshake(), OpenSslError, "the peer refused");
    await peer.printed(REFUSES[lane.tool]);
    assertNotEquals(await peer.code(), 0);
  },

  "authenticates a client with a key given beforehand": async (lane) => {
    const asked: string[] = [];
    const pskLookup = (identity: string) => (asked.push(identity), psk.key);
    await using listener = await listen(lane, { pskLookup });
    await using peer = await Peer.startClient(lane, listener.addr.port, { psk });
    await using conn = await accept(listener);
    await peer.exchange(conn);
    assertEquals([...new Set(asked)], [psk.identity]);
  },

  "refuses a client with an unknown identity": async (lane) => {
    await using listener = await listen(lane, { pskLookup: () => null });
    await using peer = await Peer.startClient(lane, listener.addr.port, { psk });
    await using conn = await accept(listener);
    await assertRejects(() => conn.handshake(), OpenSslError);
    await peer.printed(REFUSED[lane.tool]);
    assertNotEquals(await peer.code(), 0);
  },

  "agrees on an application protocol": async (lane) => {
    await using listener = await listen(lane, { alpnProtocols: ["third", "second"] });
    await using peer = await Peer.startClient(lane, listener.addr.port, {
      alpn: ["first", "second"],
    });
    await using conn = await accept(listener);
    await conn.handshake();
    assertEquals(conn.info.alpnProtocol, "second");
    await peer.printed(/(?:ALPN protocol|Application protocol): second/);
  },

  "refuses a client without a common application protocol": async (lane) => {
    await using listener = await listen(lane, { alpnProtocols: ["third"] });
    await using peer = await Peer.startClient(lane, listener.addr.port, {
      alpn: ["first", "second"],
    });
    await using conn = await accept(listener);
    await assertRejects(() => conn.handshake(), OpenSslError);
    await peer.printed(REFUSED[lane.tool]);
    assertNotEquals(await peer.code(), 0);
  },
};

for (const lane of LANES) {
  const name = isDatagram(lane.version) ? "listenDtls()" : "listenTls()";
  const ignore = isMissing(lane.tool, "client");
  for (const [does, test] of Object.entries(CASES)) {
    Deno.test({
      name: `${name} with ${nameOf(lane.tool, "client")}, ${lane.version}: ${does}`,
      ignore,
      fn: () => test(lane),
    });
  }
}

async function listen(lane: Lane, options: Partial<ListenSettings> = {}): Promise<Listener> {
  const { ca, server } = await testCertificates();
  const own = options.pskLookup
    ? {}
    : { caCerts: [ca], ...server, clientCertificate: "require" as const };
  const settings = {
    ...{ hostname: "127.0.0.1", port: 0, minVersion: lane.version, maxVersion: lane.version },
    ...{ handshakeTimeoutMs: PATIENCE_MS, ...own, ...options },
  };
  return isDatagram(lane.version) ? listenDtls(settings) : listenTls(settings);
}

async function accept(listener: Listener): Promise<Conn> {
  const conn = await within<Conn | null>(listener.accept(), () => "nobody connects");
  if (!conn) throw new Error("the listener is closed");
  return conn;
}

/** The client ends the connection in order. */
async function end(peer: Peer, conn: Conn): Promise<void> {
  await peer.end();
  assertEquals(await hear(conn), null);
  await conn.close();
  assertEquals(await peer.code(), 0);
}

/** One `s_client` leaves its session to another. */
async function twoClients(lane: Lane, listener: Listener): Promise<boolean[]> {
  await using first = await Peer.startClient(lane, listener.addr.port);
  await using full = await accept(listener);
  await first.exchange(full);
  const resumed = [full.info.resumed];
  await end(first, full);
  await using second = await Peer.startClient(lane, listener.addr.port, {
    session: await first.savedSession(),
  });
  await using short = await accept(listener);
  await second.exchange(short);
  await second.printed(/Reused, /);
  return [...resumed, short.info.resumed];
}

/** gnutls-cli ends its first connection itself, and resumes its session with another. */
async function oneClient(lane: Lane, listener: Listener): Promise<boolean[]> {
  const args = ["--resume", ...lane.version === "TLSv1.3" ? ["--waitresumption"] : []];
  await using peer = await Peer.startClient(lane, listener.addr.port, { args });
  await using first = await accept(listener);
  assertEquals(await hear(first), null);
  const resumed = [first.info.resumed];
  await first.close();
  await using second = await accept(listener);
  await peer.printed(/This is a resumed session/);
  await peer.exchange(second);
  return [...resumed, second.info.resumed];
}

for (const { tool, version } of LANES.filter((lane) => lane.tool === "openssl")) {
  const connect = isDatagram(version) ? connectDtls : connectTls;
  Deno.test({
    name: `${connect.name}() resumes a session of openssl s_client, ${version}`,
    ignore: isMissing(tool, "client"),
    async fn() {
      const lane = { tool, version };
      await using listener = await listen(lane);
      await using peer = await Peer.startClient(lane, listener.addr.port);
      await using full = await accept(listener);
      await peer.exchange(full);
      await end(peer, full);
      using session = SavedSession.parse(await peer.savedSession());
      const { ca, client } = await testCertificates();
      const { port } = listener.addr;
      const settings = { port, minVersion: version, maxVersion: version, session };
      const conn = await connect({ ...settings, caCerts: [ca], ...client });
      const handshaking = conn.handshake();
      const accepted = await accept(listener);
      await handshaking;
      assert(conn.info.resumed);
      await say(accepted, "hello");
      assertEquals(await hear(conn), "hello");
      await Promise.all([conn.close(), accepted.close()]);
    },
  });
}
