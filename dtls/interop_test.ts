/**
 * What DTLS alone has, against OpenSSL and GnuTLS: cookies, and handshakes in small datagrams.
 * The rest it shares with TLS: tls/interop_clients_test.ts, tls/interop_servers_test.ts.
 */
import { assertEquals, assertGreater } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { isMissing, type Lane, nameOf, Peer, within } from "../common/testing/peers.ts";
import { connectDtls } from "./lib/connect.ts";
import { listenDtls } from "./lib/listen.ts";

interface Case extends Lane {
  does: string;
  /** Arguments of the peer. */
  args: string[];
  /** Own MTU. */
  mtu?: number;
  /** Datagrams that a client's handshake takes, where nothing gets lost. */
  sends?: number;
}

/** Longest UDP payload here: every certificate takes two fragments and more. */
const MTU = 300;
/** The same at the peer: OpenSSL counts the headers of IPv4 (20) and UDP (8), too. */
const LINK_MTU = { openssl: ["-mtu", "328"], gnutls: ["--mtu", "328"] };

const openssl = { tool: "openssl", version: "DTLSv1.2" } as const;
const gnutls = { tool: "gnutls", version: "DTLSv1.2" } as const;

const SERVERS: Case[] = [
  { ...openssl, does: "shows a cookie first", args: ["-listen"], sends: 3 },
  { ...openssl, does: "shows a cookie in the handshake", args: [], sends: 3 },
  { ...gnutls, does: "shows a cookie first", args: [], sends: 3 },
  { ...gnutls, does: "is not asked for a cookie", args: ["--nocookie"], sends: 2 },
  { ...openssl, does: "sends and takes fragments", args: LINK_MTU.openssl, mtu: MTU },
  { ...gnutls, does: "sends and takes fragments", args: LINK_MTU.gnutls, mtu: MTU },
];

const CLIENTS: Case[] = [
  { ...openssl, does: "sends and takes fragments", args: LINK_MTU.openssl, mtu: MTU },
  { ...gnutls, does: "sends and takes fragments", args: LINK_MTU.gnutls, mtu: MTU },
];

for (const { tool, version, does, args, mtu, sends } of SERVERS) {
  Deno.test({
    name: `connectDtls() with ${nameOf(tool, "server")} ${does}`,
    ignore: isMissing(tool, "server"),
    async fn() {
      const { ca, client } = await testCertificates();
      await using peer = await Peer.startServer({ tool, version }, { args });
      await using conn = await connectDtls({ port: peer.port, caCerts: [ca], ...client, mtu });
      await peer.exchange(conn);
      const { datagramsSent, datagramsReceived, retransmissions } = conn.info.handshake;
      if (sends) assertEquals(datagramsSent - retransmissions, sends);
      else assertGreater(datagramsReceived, 4);
    },
  });
}

for (const { tool, version, does, args, mtu } of CLIENTS) {
  Deno.test({
    name: `listenDtls() with ${nameOf(tool, "client")} ${does}`,
    ignore: isMissing(tool, "client"),
    async fn() {
      const { ca, server } = await testCertificates();
      await using listener = listenDtls({
        ...{ hostname: "127.0.0.1", port: 0, caCerts: [ca], clientCertificate: "require", mtu },
        ...server,
      });
      await using peer = await Peer.startClient({ tool, version }, listener.addr.port, { args });
      const conn = await within(listener.accept(), () => "nobody connects");
      await peer.exchange(conn!);
      assertGreater(conn!.info.handshake.datagramsReceived, 4);
      assertGreater(listener.counters.cookies, 0);
    },
  });
}
