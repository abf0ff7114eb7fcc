/** OpenSSL's and GnuTLS's programs, known by the fingerprints of their certificates. */
import { connectDtls, type DtlsConn, listenDtls } from "../../dtls/mod.ts";
import { connectTls, listenTls, type TlsConn } from "../../tls/mod.ts";
import { assertEquals } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { isMissing, type Lane, nameOf, Peer, within } from "../testing/peers.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { fingerprintOf } from "../openssl/fingerprints.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const LANES: Lane[] = [
  { tool: "openssl", version: "DTLSv1.2" },
  { tool: "gnutls", version: "DTLSv1.2" },
  { tool: "openssl", version: "TLSv1.3" },
  { tool: "gnutls", version: "TLSv1.3" },
];

for (const { tool, version } of LANES) {
  const isDtls = version.startsWith("DTLS");

  Deno.test({
    name: `a client knows ${nameOf(tool, "server")} by its fingerprint (${version})`,
    ignore: isMissing(tool, "server"),
    async fn() {
      const { server, client } = await testCertificates();
      const peerFingerprints = [fingerprintOf(server.cert, "sha-384")];
      await using peer = await Peer.startServer({ tool, version });
      const settings = { port: peer.port, ...client, peerFingerprints };
      await using conn = isDtls ? await connectDtls(settings) : await connectTls(settings);
      await peer.exchange(conn);
      assertEquals(conn.info.peerCertificate?.pem, server.cert);
    },
  });

  Deno.test({
    name: `a listener knows ${nameOf(tool, "client")} by its fingerprint (${version})`,
    ignore: isMissing(tool, "client"),
    async fn() {
      const { server, client } = await testCertificates();
      const peerFingerprints = [fingerprintOf(client.cert, "sha-256")];
      const settings = { hostname: "127.0.0.1", port: 0, ...server, peerFingerprints };
      await using listener = isDtls ? listenDtls(settings) : listenTls(settings);
      await using peer = await Peer.startClient({ tool, version }, listener.addr.port);
      const conn = await within<DtlsConn | TlsConn | null>(
        listener.accept(),
        () => "nobody connects",
      );
      await peer.exchange(conn!);
      assertEquals(conn!.info.peerCertificate?.pem, client.cert);
    },
  });
}
