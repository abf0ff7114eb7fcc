/** A listener with several certificates, over sockets. */
import { connectDtls, type DtlsConn, listenDtls } from "../../dtls/mod.ts";
import { connectTls, listenTls, type ServerIdentity, type TlsConn } from "../../tls/mod.ts";
import { parsePem } from "../pem/blocks.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { within } from "../testing/within.ts";
import { OpenSslError } from "../openssl/bindings/errors.ts";
import { loadOpenSsl } from "../openssl/bindings/library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const [one, two, three, renewed] = await Promise.all(
  (["good", "stranger", "elsewhere", "wrongName"] as const).map((kind) => testCertificates(kind)),
);

const der = (pem: string) => parsePem(pem, "der")[0]!.bytes;

/** The second as DER. */
const identities = (first = one!): ServerIdentity[] => [
  { names: ["one.example"], ...first.server },
  { names: ["*.two.example"], cert: der(two!.server.cert), key: der(two!.server.key).buffer },
  { names: ["three.example"], ...three!.server },
];

const caCerts = [one!, two!, three!, renewed!].map(({ ca }) => der(ca));

for (const protocol of ["DTLS", "TLS"] as const) {
  Deno.test(`a ${protocol} listener serves three names, renews one, and refuses a fourth`, async () => {
    const failed: unknown[] = [];
    const onError = (error: unknown) => void failed.push(error);
    const settings = { hostname: "127.0.0.1", port: 0, identities: identities(), onError };
    await using listener = protocol === "DTLS" ? listenDtls(settings) : listenTls(settings);
    const { port } = listener.addr;
    const connect = async (serverName: string): Promise<DtlsConn | TlsConn> => {
      const asking = { port, serverName, caCerts, unsafelySkipNameCheck: true };
      return await (protocol === "DTLS" ? connectDtls(asking) : connectTls(asking));
    };
    /** Connects, and compares what both ends say of the name. */
    const shownTo = async (serverName: string): Promise<string> => {
      const accepted = listener.accept();
      await using client = await connect(serverName);
      await within(client.handshake());
      await using server = (await within<DtlsConn | TlsConn | null>(accepted))!;
      await within(server.handshake());
      assertEquals([client.info.serverName, server.info.serverName], [serverName, serverName]);
      await Promise.all([client.close(), server.close()]);
      return client.info.peerCertificate!.pem;
    };
    assertEquals(await shownTo("one.example"), one!.server.cert);
    assertEquals(await shownTo("my.two.example"), two!.server.cert);
    assertEquals(await shownTo("three.example"), three!.server.cert);
    const bad = [{ ...one!.server, key: two!.server.key }];
    assertThrows(() => listener.setIdentities(bad), RangeError, "identities[0].key");
    listener.setIdentities(identities(renewed!));
    assertEquals(await shownTo("one.example"), renewed!.server.cert);
    const accepted = listener.accept();
    await using unknown = await connect("four.example");
    const refusal = "the peer refused: unrecognized name";
    await assertRejects(() => within(unknown.handshake()), OpenSslError, refusal);
    (await accepted)?.abandon();
    assertMatch(String(failed), /asks for "four\.example", which no identity is for/);
    assertEquals(failed.length, 1);
  });
}
