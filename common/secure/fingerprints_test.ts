/** Two self-signed ends that know each other by fingerprints, over sockets. */
import { connectDtls, type DtlsConn, type DtlsListener, listenDtls } from "../../dtls/mod.ts";
import { connectTls, listenTls, type TlsConn, type TlsListener } from "../../tls/mod.ts";
import { assertEquals, assertInstanceOf, assertRejects } from "../testing/assert.ts";
import { within } from "../testing/within.ts";
import { CertificateError, OpenSslError } from "../openssl/bindings/errors.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { SelfSignedCertificate } from "../openssl/self_signed.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const [MINE, YOURS, OTHER] = await Promise.all([
  SelfSignedCertificate.generate(),
  SelfSignedCertificate.generate(),
  SelfSignedCertificate.generate(),
]);

/** The settings of both ends. */
interface Told {
  server: string;
  client: string;
  onError?: (error: unknown) => void;
}

interface Ends {
  listener: DtlsListener | TlsListener;
  connect(): Promise<DtlsConn | TlsConn>;
}

const OPEN: Record<string, (told: Told) => Ends> = {
  "DTLS 1.2": (told) => open(told, listenDtls, connectDtls),
  "TLS 1.2": (told) => open(told, listenTls, connectTls, { maxVersion: "TLSv1.2" }),
  "TLS 1.3": (told) => open(told, listenTls, connectTls),
};

function open<L extends Ends["listener"], C extends DtlsConn | TlsConn>(
  { server, client, onError }: Told,
  listen: (options: Parameters<typeof listenTls>[0]) => L,
  connect: (options: Parameters<typeof connectTls>[0]) => Promise<C>,
  version: { maxVersion?: "TLSv1.2" } = {},
): Ends {
  const peerFingerprints = [server];
  const all = { hostname: "127.0.0.1", port: 0, ...MINE, peerFingerprints, ...version, onError };
  const listener = listen(all);
  const { port } = listener.addr;
  return {
    listener,
    connect: () => connect({ port, ...YOURS, peerFingerprints: [client], ...version }),
  };
}

for (const [protocol, open] of Object.entries(OPEN)) {
  Deno.test(`two self-signed ends connect by fingerprints over sockets (${protocol})`, async () => {
    const { listener, connect } = open({ server: YOURS.fingerprint, client: MINE.fingerprint });
    await using _listener = listener;
    const accepted = listener.accept();
    await using client = await connect();
    await within(client.handshake());
    await using server = (await within<DtlsConn | TlsConn | null>(accepted))!;
    await within(server.handshake());
    assertEquals(client.info.peerCertificate?.pem, MINE.cert);
    assertEquals(server.info.peerCertificate?.pem, YOURS.cert);
  });

  Deno.test(`a wrong fingerprint is refused on either side over sockets (${protocol})`, async () => {
    const wrong = [
      { server: YOURS.fingerprint, client: OTHER.fingerprint },
      { server: OTHER.fingerprint, client: MINE.fingerprint },
    ];
    for (const told of wrong) {
      const { promise: refused, resolve: onError } = Promise.withResolvers<unknown>();
      const { listener, connect } = open({ ...told, onError });
      await using _listener = listener;
      const accepted = listener.accept();
      await using client = await connect();
      // In TLS 1.3 a client is through before its certificate is looked at.
      const reads = async () => {
        await client.handshake();
        if ("read" in client) await client.read(new Uint8Array(1));
      };
      const error = await within(assertRejects(reads, OpenSslError));
      const byClient = told.client === OTHER.fingerprint;
      const [looking, other] = byClient
        ? [error, await within(refused)]
        : [await within(refused), error];
      assertInstanceOf(looking, CertificateError);
      const seen = byClient ? MINE : YOURS;
      assertEquals(
        looking.message,
        "Cannot complete the handshake: the peer's certificate has the fingerprint " +
          `${seen.fingerprint}, and peerFingerprints asks for ${OTHER.fingerprint}`,
      );
      assertInstanceOf(other, OpenSslError);
      assertEquals(/the peer refused: bad certificate$/.test(other.message), true, other.message);
      (await accepted)?.abandon();
    }
  });
}
