/** TLS on what a program is connected with already. */
import { CertificateError, OpenSslError } from "../../common/openssl/bindings/errors.ts";
import { TimeoutError } from "../../common/base/errors.ts";
import { TlsContext } from "../../common/openssl/context.ts";
import { liveSessions } from "../../common/openssl/session.ts";
import { CLIENT_CONTEXT, SERVER_CONTEXT } from "../../common/openssl/settings_table.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "../../common/testing/assert.ts";
import { testCertificates } from "../../common/testing/certs.ts";
import { type Subject, testSettings, testTogether } from "../../common/testing/settings_suite.ts";
import { savedSession } from "../../common/testing/tls.ts";
import { within } from "../../common/testing/within.ts";
import { SelfSignedCertificate } from "../../common/openssl/self_signed.ts";
import { BYTE_STREAM, type ByteStreams } from "./byte_stream.ts";
import type { TlsConn } from "./conn.ts";
import { tlsContext } from "./connect.ts";
import { listenTls } from "./listen.ts";
import { ACCEPT_TLS, START_TLS } from "./settings.ts";
import { acceptTls, startTls } from "./start.ts";

const { ca, server, client } = await testCertificates();
const MUTUAL = { ...server, caCerts: [ca], clientCertificate: "require" } as const;
const CLIENT = { ...client, caCerts: [ca], serverName: "localhost" };

/** Two ends of streams in memory, each chunk cut into pieces of so many bytes. */
function pipes(pieceBytes = Infinity): [ByteStreams, ByteStreams] {
  const cut = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        for (let at = 0; at < chunk.length; at += pieceBytes) {
          controller.enqueue(chunk.slice(at, Math.min(at + pieceBytes, chunk.length)));
        }
      },
    });
  const [there, back] = [cut(), cut()];
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

async function tcpPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
}

async function bothHandshakes(one: TlsConn, other: TlsConn): Promise<void> {
  await within(Promise.all([one.handshake(), other.handshake()]));
}

async function bothClosed(one: TlsConn, other: TlsConn): Promise<void> {
  await within(Promise.all([one.close(), other.close()]));
}

/** Sends bytes there and back. */
async function echoed(one: TlsConn, other: TlsConn, length: number): Promise<void> {
  const sent = new Uint8Array(length).map((_, i) => i * i);
  const echoing = other.readable.pipeTo(other.writable);
  const [received] = await within(Promise.all([
    new Response(one.readable).bytes(),
    one.write(sent).then(() => one.closeWrite()),
  ]));
  await echoing;
  assertEquals(received, sent);
}

Deno.test("startTls() and acceptTls() go on where another protocol has ended, with certificates of both ends", async () => {
  const [near, far] = await tcpPair();
  await near.write(new TextEncoder().encode("STARTTLS\r\n"));
  const word = new Uint8Array(10);
  assertEquals(await far.read(word), 10);
  const serving = acceptTls(far, MUTUAL);
  const conn = startTls(near, CLIENT);
  await bothHandshakes(conn, serving);
  assertEquals(serving.info.peerCertificate?.subject, "CN=netpairs client,O=netpairs");
  assertEquals(conn.info.peerCertificate?.subject, "CN=netpairs server,O=netpairs");
  assertEquals([conn.remoteAddr, conn.localAddr], [serving.localAddr, serving.remoteAddr]);
  await echoed(conn, serving, 100_000);
  await bothClosed(conn, serving);
});

for (const pieceBytes of [1, 1000, Infinity]) {
  Deno.test(`startTls() speaks TLS over streams that come in pieces of ${pieceBytes} bytes`, async () => {
    const [near, far] = pipes(pieceBytes);
    const [conn, serving] = [startTls(near, CLIENT), acceptTls(far, MUTUAL)];
    await bothHandshakes(conn, serving);
    await echoed(conn, serving, 20_000);
    assertThrows(() => conn.remoteAddr, TypeError, "Cannot tell the address");
    await bothClosed(conn, serving);
    assert(near.readable.locked && far.writable.locked, "the streams are the connection's");
  });
}

Deno.test("startTls() speaks TLS with listenTls(), over the streams of a connection", async () => {
  await using listener = listenTls({ hostname: "127.0.0.1", port: 0, ...MUTUAL });
  const accepting = listener.accept();
  const { readable, writable } = await Deno.connect({ port: listener.addr.port });
  await using conn = startTls({ readable, writable }, CLIENT);
  await within(conn.handshake());
  await echoed(conn, (await accepting)!, 1000);
});

Deno.test("acceptTls() takes a session of connectTls()'s kind back", async () => {
  const context = new TlsContext({ role: "server", datagram: false, ...MUTUAL });
  using both = new DisposableStack();
  both.use(context);
  const once = async (session?: StartSession) => {
    const [near, far] = await tcpPair();
    const serving = acceptTls(far, { context });
    const conn = startTls(near, { ...CLIENT, maxVersion: "TLSv1.2", session });
    await bothHandshakes(conn, serving);
    const saved = both.use(conn.saveSession()!);
    const { resumed } = conn;
    await bothClosed(conn, serving);
    return { saved, resumed };
  };
  const { saved, resumed } = await once();
  assertEquals([resumed, (await once(saved)).resumed], [false, true]);
});

type StartSession = NonNullable<Parameters<typeof startTls>[1]["session"]>;

Deno.test("startTls() refuses a server whose certificate is for another name", async () => {
  const [near, far] = pipes();
  const conn = startTls(near, { ...CLIENT, serverName: "example.org" });
  const serving = acceptTls(far, MUTUAL);
  const refused = serving.handshake().catch((error) => error);
  await assertRejects(() => within(conn.handshake()), CertificateError);
  assertInstanceOf(await within(refused), Error);
  conn.abandon();
  serving.abandon();
});

Deno.test("startTls() wants to know who the server is", () => {
  const [near] = pipes();
  const options = { caCerts: [ca] };
  assertThrows(() => startTls(near, options), TypeError, "serverName is missing");
  using context = tlsContext(options);
  assertThrows(() => startTls(near, { context }), TypeError, "serverName is missing");
  assert(!near.readable.locked, "what is refused takes nothing over");
});

Deno.test("startTls() takes a fingerprint for a name", async () => {
  const own = await SelfSignedCertificate.generate({ names: ["sensor.example"] });
  const [near, far] = pipes();
  const conn = startTls(near, { peerFingerprints: [own.fingerprint] });
  const serving = acceptTls(far, { cert: own.cert, key: own.key });
  await bothHandshakes(conn, serving);
  await bothClosed(conn, serving);
});

Deno.test("startTls() says that the streams below gave no bytes", async () => {
  const readable = new ReadableStream({ start: (controller) => controller.enqueue("220 hello") });
  const conn = startTls({ readable, writable: new WritableStream() }, CLIENT);
  const line = "the stream below gave a text instead of bytes";
  await assertRejects(() => within(conn.handshake()), TypeError, line);
  conn.abandon();
});

Deno.test("startTls() fails where the peer goes on without TLS", async () => {
  const bytes = new TextEncoder().encode("220 ready for plaintext");
  const readable = new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
  const conn = startTls({ readable, writable: new WritableStream() }, CLIENT);
  await assertRejects(() => within(conn.handshake()), OpenSslError, "wrong version number");
  await assertRejects(() => within(conn.read(new Uint8Array(9))), OpenSslError);
  conn.abandon();
});

Deno.test("startTls() ends when the streams below do, and when its time is over", async () => {
  const ended = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  const gone = startTls({ readable: ended, writable: new WritableStream() }, CLIENT);
  await assertRejects(() => within(gone.handshake()), Deno.errors.UnexpectedEof);
  const silent = { readable: new ReadableStream<Uint8Array>(), writable: new WritableStream() };
  const waiting = startTls(silent, { ...CLIENT, handshakeTimeoutMs: 5 });
  await assertRejects(() => within(waiting.handshake()), TimeoutError);
  for (const conn of [gone, waiting]) conn.abandon();
});

Deno.test("startTls() fails with what the streams below fail with", async () => {
  const reason = new Error("the tunnel has collapsed");
  const broken = new WritableStream<Uint8Array>({ write: () => Promise.reject(reason) });
  const conn = startTls({ readable: new ReadableStream(), writable: broken }, CLIENT);
  assertEquals(await within(conn.handshake()).catch((error) => error), reason);
  conn.abandon();
});

Deno.test("startTls() fails with an error where the streams below do not say why they fail", async () => {
  const readable = new ReadableStream<Uint8Array>({ start: (controller) => controller.error() });
  const conn = startTls({ readable, writable: new WritableStream() }, CLIENT);
  const error = await within(conn.handshake()).catch((error) => error);
  assertInstanceOf(error, Error);
  assertEquals(await conn.write(new Uint8Array(1)).catch((error) => error), error);
  conn.abandon();
});

// In pieces, or each as one, of which the second waits for the stream.
for (const lengths of [[1_000_000], [40_000, 40_000]]) {
  Deno.test(`write() of ${lengths} bytes and closeWrite() end with their signal where the stream below takes nothing`, async () => {
    const { promise: never } = Promise.withResolvers<void>();
    const stuck = Promise.withResolvers<void>();
    const [near, far] = pipes();
    const toPeer = near.writable.getWriter();
    let takes = true;
    const writable = new WritableStream<Uint8Array>({
      write(bytes) {
        if (takes) return toPeer.write(bytes);
        stuck.resolve();
        return never;
      },
    });
    const stop = new AbortController();
    const conn = startTls({ ...near, writable }, { ...CLIENT, signal: stop.signal });
    const serving = acceptTls(far, MUTUAL);
    await bothHandshakes(conn, serving);
    takes = false;
    const writing = lengths.map((length) =>
      conn.write(new Uint8Array(length)).catch((error) => error)
    );
    await stuck.promise;
    const ending = conn.closeWrite().catch((error) => error);
    // What it waits for, closing waits for, too.
    const closing = conn.close();
    const reason = new Error("enough");
    stop.abort(reason);
    assertEquals(await within(ending), reason);
    assertEquals((await within(Promise.all(writing))).at(-1), reason);
    await within(closing);
    serving.abandon();
  });
}

Deno.test("startTls() and acceptTls() refuse what is no stream, or is in use", () => {
  const before = liveSessions();
  const [inUse] = pipes();
  inUse.readable.getReader();
  for (const wrong of [...BYTE_STREAM.wrongKinds, inUse]) {
    assertThrows(() => startTls(wrong as ByteStreams, CLIENT), TypeError, "start TLS: stream");
    assertThrows(() => acceptTls(wrong as ByteStreams, MUTUAL), TypeError, "accept TLS: stream");
  }
  assertEquals(liveSessions(), before);
});

Deno.test("a TlsConn that is not waited for lets the process end, and can be disposed of at once", async () => {
  const told: string[] = [];
  const [near, far] = await tcpPair();
  far.close();
  near.ref = () => told.push("ref");
  near.unref = () => told.push("unref");
  const before = liveSessions();
  {
    using conn = startTls(near, CLIENT);
    conn.unref();
    conn.ref();
  }
  assertEquals([told, liveSessions()], [["unref", "ref"], before]);
  const [streams] = pipes();
  using conn = startTls(streams, CLIENT);
  conn.unref();
});

const pskLookup = () => null;

// Beside a context nothing of what it holds is said, the key among it: see below.
const { context: _, ...WITHOUT_CONTEXT } = ACCEPT_TLS;

const SUBJECTS: [Subject, Subject] = [
  {
    name: "startTls()",
    table: START_TLS,
    base: { serverName: "localhost" },
    call: (options) => startTls(pipes()[0], options).abandon(),
    more: { context: [tlsContext({})], session: [await savedSession()] },
  },
  {
    name: "acceptTls()",
    table: WITHOUT_CONTEXT,
    base: { pskLookup },
    call: (options) => acceptTls(pipes()[0], options).abandon(),
  },
];

for (const subject of SUBJECTS) testSettings(subject);

const closedServerContext = new TlsContext({ role: "server", datagram: false, pskLookup });
closedServerContext.close();
const serverContext = new TlsContext({ role: "server", datagram: false, pskLookup });

testTogether({ ...SUBJECTS[1], table: ACCEPT_TLS, base: {} }, {
  inside: SERVER_CONTEXT.tls,
  good: serverContext,
  foreign: {
    "context is a client's": tlsContext({}),
    "context is for DTLS, not TLS": new TlsContext({ role: "server", datagram: true, pskLookup }),
  },
  closed: { context: closedServerContext },
});

const closed = { context: tlsContext({}), session: await savedSession() };
for (const one of Object.values(closed)) one.close();

testTogether(SUBJECTS[0], {
  inside: CLIENT_CONTEXT.tls,
  good: tlsContext({}),
  foreign: {
    "context is a server's": new TlsContext({ role: "server", datagram: false, pskLookup }),
    "context is for DTLS, not TLS": new TlsContext({ role: "client", datagram: true }),
  },
  closed,
});
