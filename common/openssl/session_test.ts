import { assert, assertEquals, assertInstanceOf, assertThrows } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { connectedNet, contextOptions, memoryNet } from "../testing/memory_net.ts";
import { TlsContext } from "./context.ts";
import { CertificateError, OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { TlsSession } from "./session.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const PROTOCOLS = [
  { datagram: true, version: "DTLSv1.2" },
  { datagram: false, version: "TLSv1.3" },
] as const;

function lengths(messages: Uint8Array[]): number[] {
  return messages.map((message) => message.length);
}

for (const { datagram, version } of PROTOCOLS) {
  Deno.test(`handshake() authenticates both ends (${version})`, async () => {
    using net = await connectedNet({ datagram });
    const client = net.client.session!.info();
    const server = net.server.session!.info();
    assertEquals(client.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
    assertEquals(server.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
    assertEquals([client.version, server.version], [version, version]);
    assertEquals([client.resumed, client.cipher, client.group], [
      false,
      server.cipher,
      server.group,
    ]);
  });

  for (const serverName of ["localhost", "127.0.0.1", "::1"]) {
    Deno.test(`handshake() accepts a certificate for ${serverName} (${version})`, async () => {
      using net = await connectedNet({ datagram, serverName });
      assert(net.client.established);
    });
  }

  for (const serverName of ["other.example", "127.0.0.2", "::2"]) {
    Deno.test(`handshake() refuses a certificate not for ${serverName} (${version})`, async () => {
      using net = await memoryNet({ datagram, serverName });
      net.run();
      assertInstanceOf(net.client.error, CertificateError);
      assertEquals(
        net.client.error.message,
        `Cannot complete the handshake: the peer's certificate is not for ${serverName}`,
      );
      assert(!net.server.established);
    });
  }

  Deno.test(`handshake() refuses a server of another authority (${version})`, async () => {
    using net = await memoryNet({ datagram, server: (await testCertificates("stranger")).server });
    net.run();
    assertInstanceOf(net.client.error, CertificateError);
    assertEquals(net.client.error.verifyResult, 20, "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    assertInstanceOf(net.server.error, OpenSslError);
    assertEquals(
      net.server.error.message,
      "Cannot complete the handshake: the peer refused: unknown ca",
    );
  });

  Deno.test(`handshake() refuses a server that has expired (${version})`, async () => {
    const { ca, server } = await testCertificates("expired");
    using net = await memoryNet({ datagram, server, client: { caCerts: [ca] } });
    net.run();
    assertInstanceOf(net.client.error, CertificateError);
    assertEquals(
      net.client.error.message,
      "Cannot complete the handshake: the peer's certificate is refused: certificate has expired",
    );
  });

  Deno.test(`handshake() refuses a server that shows a client's certificate (${version})`, async () => {
    using net = await memoryNet({ datagram, server: (await testCertificates()).client });
    net.run();
    assertInstanceOf(net.client.error, CertificateError);
    assert(!net.client.established);
  });

  Deno.test(`handshake() refuses a client without a certificate (${version})`, async () => {
    using net = await memoryNet({ datagram, client: { cert: undefined, key: undefined } });
    net.run();
    assertInstanceOf(net.server.error, OpenSslError);
    assertEquals(net.server.error.reason, "peer did not return a certificate");
    assert(!net.server.established);
    assertInstanceOf(net.client.error, OpenSslError);
    assert(net.client.error.message.includes("the peer refused: "), net.client.error.message);
  });

  Deno.test(`handshake() refuses a client of another authority (${version})`, async () => {
    using net = await memoryNet({ datagram, client: (await testCertificates("stranger")).client });
    net.run();
    assertInstanceOf(net.server.error, CertificateError);
    assert(!net.server.established);
  });

  Deno.test(`handshake() refuses a client that has expired (${version})`, async () => {
    const { ca, client } = await testCertificates("expired");
    using net = await memoryNet({ datagram, client, server: { caCerts: [ca] } });
    net.run();
    assertInstanceOf(net.server.error, CertificateError);
    assert(net.server.error.message.endsWith("certificate has expired"));
  });

  Deno.test(`handshake() takes a client without a certificate where none is asked for (${version})`, async () => {
    using net = await connectedNet({
      datagram,
      client: { cert: undefined, key: undefined },
      server: { clientCertificate: "none" },
    });
    assertEquals(net.server.session!.info().peerCertificate, null);
  });

  Deno.test(`handshake() takes a client without a certificate where one is requested (${version})`, async () => {
    using net = await connectedNet({
      datagram,
      client: { cert: undefined, key: undefined },
      server: { clientCertificate: "request" },
    });
    assertEquals(net.server.session!.info().peerCertificate, null);
  });

  Deno.test(`handshake() refuses a wrong certificate where one is requested (${version})`, async () => {
    const { client } = await testCertificates("stranger");
    using net = await memoryNet({ datagram, client, server: { clientCertificate: "request" } });
    net.run();
    assertInstanceOf(net.server.error, CertificateError);
  });

  Deno.test(`info() tells after a failure what was agreed on, if anything was (${version})`, async () => {
    using net = await memoryNet({ datagram, client: { cert: undefined, key: undefined } });
    net.run();
    const { error, session } = net.client;
    assert(error !== null);
    // In TLS 1.3 a client is ready before the server has looked at its certificate.
    if (session!.established) assertEquals(session!.info().version, version);
    else assertThrows(() => session!.info(), TypeError, "no handshake yet");
  });

  Deno.test(`write() and read() carry 1 and 16384 bytes both ways (${version})`, async () => {
    using net = await connectedNet({ datagram });
    for (const sizeBytes of [1, 16_384]) {
      net.client.send(new Uint8Array(sizeBytes).fill(1));
      net.server.send(new Uint8Array(sizeBytes).fill(2));
    }
    net.settle();
    assertEquals(net.server.inbox, [new Uint8Array([1]), new Uint8Array(16_384).fill(1)]);
    assertEquals(net.client.inbox, [new Uint8Array([2]), new Uint8Array(16_384).fill(2)]);
  });

  Deno.test(`shutdown() ends one direction, then the other (${version})`, async () => {
    using net = await connectedNet({ datagram });
    assertEquals(net.client.shutdown(), false);
    net.settle();
    assertEquals([net.server.peerEnded, net.client.peerEnded], [true, false]);
    net.server.send(new Uint8Array(7));
    net.settle();
    assertEquals(lengths(net.client.inbox), [7]);
    assertEquals(net.server.shutdown(), true);
    net.settle();
    assertEquals([net.client.peerEnded, net.client.shutdown()], [true, true]);
  });

  Deno.test(`read() says that the peer has ended, again and again (${version})`, async () => {
    using net = await connectedNet({ datagram });
    const into = new Uint8Array(100);
    assertEquals(net.server.session!.read(into), NOT_YET);
    net.client.shutdown();
    net.settle();
    assertEquals(net.server.session!.read(into), ENDED);
    assertEquals(net.server.session!.read(into), ENDED);
  });

  Deno.test(`shutdown() again leaves what is unread to be read (${version})`, async () => {
    using net = await connectedNet({ datagram });
    const session = net.client.session!;
    net.client.shutdown();
    net.server.session!.write(new Uint8Array(1000).fill(1));
    net.server.session!.drain((bytes) => session.feed(bytes));
    assertEquals(session.read(new Uint8Array(100)), 100);
    assertEquals(net.client.shutdown(), false);
    assertEquals(session.read(new Uint8Array(1000)), 900);
  });

  Deno.test(`write() is refused after shutdown() (${version})`, async () => {
    using net = await connectedNet({ datagram });
    net.client.shutdown();
    assertThrows(() => net.client.send(new Uint8Array(1)), OpenSslError, "protocol is shutdown");
  });

  Deno.test(`shutdown() sends nothing before the handshake is complete (${version})`, async () => {
    using net = await memoryNet({ datagram });
    assertEquals(net.client.shutdown(), true);
    assertEquals(net.sent, []);
  });

  Deno.test(`close() may be called twice, and nothing else after it (${version})`, async () => {
    using net = await connectedNet({ datagram });
    const session = net.client.session!;
    session.close();
    session.close();
    const closed = "Cannot use a TLS session: it is closed";
    assertThrows(() => session.read(new Uint8Array(1)), TypeError, closed);
    assertThrows(() => session.write(new Uint8Array(1)), TypeError, closed);
    assertThrows(() => session.info(), TypeError, closed);
    assertEquals([session.shutdown(), session.timeoutMs()], [true, null]);
    session.feed(new Uint8Array(1));
    session.drain(() => assert(false, "there is nothing to drain"));
  });

  Deno.test(`feed() drops what comes after a failure (${version})`, async () => {
    using net = await memoryNet({ datagram, serverName: "other.example" });
    net.run();
    const session = net.client.session!;
    for (let i = 0; i < 3; i++) session.feed(new Uint8Array(65_507));
    assertThrows(() => session.handshake(), TypeError, "it has failed");
  });
}

Deno.test("write() refuses a 16385th byte on DTLS, and takes the next message", async () => {
  using net = await connectedNet();
  const tooLong = new Uint8Array(16_385);
  assertThrows(() => net.client.send(tooLong), RangeError, "a message of 16385 bytes: 1 to 16384");
  assertThrows(() => net.client.send(new Uint8Array(0)), RangeError, "a message of 0 bytes");
  net.client.send(new Uint8Array(9));
  net.settle();
  assertEquals(lengths(net.server.inbox), [9]);
});

Deno.test("write() cuts a longer message into records on TLS", async () => {
  using net = await connectedNet({ datagram: false });
  net.client.send(new Uint8Array(40_000));
  net.settle();
  assertEquals(lengths(net.server.inbox), [16_384, 16_384, 7_232]);
});

Deno.test("read() takes every message of one datagram", async () => {
  using net = await connectedNet();
  const before = net.sent.length;
  net.passes = () => false;
  for (const sizeBytes of [10, 20, 30]) net.client.send(new Uint8Array(sizeBytes));
  const bytes = Uint8Array.from(net.sent.slice(before).flatMap((sent) => [...sent.bytes]));
  net.deliver({ from: "client", bytes });
  assertEquals(lengths(net.server.inbox), [10, 20, 30]);
});

Deno.test("read() takes a stream that arrives byte by byte", async () => {
  using net = await connectedNet({ datagram: false });
  net.passes = () => false;
  net.client.send(new Uint8Array(20));
  for (const byte of net.sent.at(-1)!.bytes) {
    net.deliver({ from: "client", bytes: Uint8Array.of(byte) });
  }
  assertEquals(lengths(net.server.inbox), [20]);
});

for (const mtu of [256, 512, 1400]) {
  Deno.test(`drain() keeps the handshake's datagrams to an MTU of ${mtu}`, async () => {
    using net = await connectedNet({ mtu });
    const longest = Math.max(...net.sent.map(({ bytes }) => bytes.length));
    assert(longest <= mtu, `a datagram of ${longest} bytes`);
  });
}

Deno.test("fail() gives a session up", async () => {
  using net = await connectedNet();
  net.client.session!.fail();
  assertThrows(() => net.client.session!.read(new Uint8Array(1)), TypeError, "it has failed");
  assertEquals(net.client.session!.shutdown(), true);
});

Deno.test("TlsSession() lives on when its context is closed", async () => {
  const context = new TlsContext(await contextOptions("client"));
  using session = new TlsSession(context, { serverName: "localhost" });
  context.close();
  assertEquals(session.handshake(), false);
});

Deno.test("TlsSession() refuses a context that is closed", async () => {
  const context = new TlsContext(await contextOptions("client"));
  context.close();
  assertThrows(() => new TlsSession(context), TypeError, "context is closed");
});
