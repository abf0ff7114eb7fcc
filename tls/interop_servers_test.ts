/** The library's clients, TLS and DTLS, against the servers of OpenSSL and GnuTLS. */
import { CertificateError, OpenSslError } from "../common/openssl/bindings/errors.ts";
import { SavedSession } from "../common/openssl/saved_session.ts";
import type { ConnectSettings } from "../common/openssl/settings.ts";
import { assert, assertEquals, assertExists, assertRejects } from "../common/testing/assert.ts";
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
} from "../common/testing/peers.ts";
import { connectDtls } from "../dtls/lib/connect.ts";
import type { DtlsConn } from "../dtls/lib/conn.ts";
import type { TlsConn } from "./lib/conn.ts";
import { connectTls } from "./lib/connect.ts";

/**
 * What a server prints when it is refused. GnuTLS's cannot tell the reason: in TLS 1.3 OpenSSL
 * sends this alert before it encrypts, in 1.2 it comes where a certificate is waited for.
 */
const REFUSED = { openssl: /alert unknown ca/, gnutls: /Error in handshake/ };

/** What it prints when it refuses. */
const REFUSES = { openssl: /certificate verify failed/, gnutls: /Error in the certificate/ };

const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };

/** What a client does with a server of another implementation, and its name. */
const CASES: Record<string, (lane: Lane) => Promise<void>> = {
  "exchanges messages, both ends with certificates": async (lane) => {
    await using peer = await Peer.startServer(lane);
    await using conn = await connect(lane, peer);
    await conn.handshake();
    assertEquals(conn.info.version, lane.version);
    assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
    // gnutls-serv says nothing of its clients over UDP; that it looks at them, a case below shows.
    if (lane.tool === "openssl" || !isDatagram(lane.version)) {
      await peer.printed(/subject.*netpairs client/i);
    }
    await peer.exchange(conn);
  },

  "resumes a session that was written down": async (lane) => {
    await using peer = await Peer.startServer(lane);
    let text: string;
    {
      await using conn = await connect(lane, peer);
      await peer.exchange(conn);
      assert(!conn.info.resumed);
      using session = conn.saveSession();
      assertExists(session);
      text = session.serialize();
    }
    using session = SavedSession.parse(text);
    await using conn = await connect(lane, peer, { session });
    await peer.exchange(conn);
    assert(conn.info.resumed);
  },

  "refuses a server's certificate of another authority": async (lane) => {
    await using peer = await Peer.startServer(lane, { cert: "stranger" });
    await using conn = await connect(lane, peer);
    await assertRejects(() => conn.handshake(), CertificateError, "unable to get local issuer");
    await peer.printed(REFUSED[lane.tool]);
  },

  "is told that its certificate is refused": async (lane) => {
    await using peer = await Peer.startServer(lane, { ca: "stranger" });
    await using conn = await connect(lane, peer);
    const reading = async () => {
      await conn.handshake();
      // In TLS 1.3 a client is through before the server has looked at its certificate.
      await hear(conn);
    };
    await assertRejects(reading, OpenSslError, "the peer refused");
    // Over UDP gnutls-serv 3.7 says no more than the alert, and crashes.
    if (lane.tool === "openssl" || !isDatagram(lane.version)) {
      await peer.printed(REFUSES[lane.tool]);
    }
  },

  "authenticates with a key given beforehand": async (lane) => {
    await using peer = await Peer.startServer(lane, { psk });
    await using conn = await connect(lane, peer, { psk });
    await peer.exchange(conn);
    assertEquals(conn.info.peerCertificate, null);
  },

  "agrees on an application protocol": async (lane) => {
    await using peer = await Peer.startServer(lane, { alpn: ["second"] });
    await using conn = await connect(lane, peer, { alpnProtocols: ["first", "second"] });
    await conn.handshake();
    assertEquals(conn.info.alpnProtocol, "second");
  },
};

for (const lane of LANES) {
  const name = isDatagram(lane.version) ? "connectDtls()" : "connectTls()";
  const ignore = isMissing(lane.tool, "server");
  for (const [does, test] of Object.entries(CASES)) {
    Deno.test({
      name: `${name} with ${nameOf(lane.tool, "server")}, ${lane.version}: ${does}`,
      ignore,
      fn: () => test(lane),
    });
  }
}

async function connect(
  { version }: Lane,
  peer: Peer,
  options: Partial<ConnectSettings> = {},
): Promise<TlsConn | DtlsConn> {
  const { ca, client } = await testCertificates();
  const own = options.psk ? {} : { caCerts: [ca], ...client };
  const settings = {
    ...{ port: peer.port, minVersion: version, maxVersion: version },
    ...{ handshakeTimeoutMs: PATIENCE_MS, ...own, ...options },
  };
  return isDatagram(version) ? connectDtls(settings) : connectTls(settings);
}
