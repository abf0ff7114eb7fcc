/** Everything the TLS library exports, with wrong arguments. */
import {
  bytes,
  HARMLESS,
  LISTENER,
  type Methods,
  RECEIVING,
  SECURE_CONN,
  SHARED,
  type Target,
  testArguments,
  testExports,
  testStray,
} from "../common/testing/exports_suite.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { connectTls } from "./lib/connect.ts";
import { listenTls } from "./lib/listen.ts";
import * as library from "./mod.ts";

const TLS_CONN: Methods = {
  handshake: HARMLESS,
  read: [
    { ...RECEIVING[0]!, wrongKinds: [undefined, ...RECEIVING[0]!.wrongKinds] },
    RECEIVING[1]!,
  ],
  write: [bytes("source", 0, Infinity)],
  closeWrite: HARMLESS,
  ref: HARMLESS,
  unref: HARMLESS,
  shutdown: HARMLESS,
  abandon: HARMLESS,
};

testExports("tls/mod.ts", library, [
  "acceptTls",
  "connectTls",
  "listenTls",
  "startTls",
  "tlsContext",
], {
  ...SHARED,
  TlsConn: TLS_CONN,
  TlsListener: LISTENER,
});

/** A client's connection, and what ends it with its server. */
async function established(): Promise<Target> {
  const { server: own, ca } = await testCertificates();
  await using made = new AsyncDisposableStack();
  const listener = made.use(listenTls({ hostname: "127.0.0.1", port: 0, ...own }));
  const accepting = listener.accept();
  const it = made.use(await connectTls({ port: listener.addr.port, caCerts: [ca] }));
  await it.handshake();
  const server = (await accepting)!;
  // Answers the client's close_notify.
  server.readable.pipeTo(server.writable).catch(() => {});
  const kept = made.move();
  return {
    it,
    async use() {
      await it.write(Uint8Array.of(1, 2, 3));
      assertEquals(await it.read(new Uint8Array(8)), 3);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A connection whose server does not answer: what is wrong is refused, not waited with. */
async function unanswered(): Promise<Target> {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const it = await connectTls({ port: silent.addr.port });
  const peer = await silent.accept();
  const end = () => {
    it.abandon();
    peer.close();
    silent.close();
    return Promise.resolve();
  };
  return { it, use: () => Promise.resolve(), [Symbol.asyncDispose]: end };
}

const STATES = { "once connected": established, "before its handshake": unanswered };
testArguments("TlsConn", TLS_CONN, STATES);
testArguments("TlsConn", SECURE_CONN, { "once connected": established });
testStray("TlsConn", TLS_CONN, established);
testStray("TlsConn as a SecureConn", SECURE_CONN, established);

testStray("TlsListener", LISTENER, async () => {
  const listener = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => null });
  const waiting = await connectTls({ port: listener.addr.port });
  const end = () => Promise.resolve(waiting.abandon());
  return { it: listener, use: end, [Symbol.asyncDispose]: end };
});

testArguments("TlsListener", LISTENER, {
  "that runs": () => {
    const it = listenTls({ hostname: "127.0.0.1", port: 0, pskLookup: () => null });
    const end = () => it.close();
    return Promise.resolve({ it, use: () => Promise.resolve(), [Symbol.asyncDispose]: end });
  },
});
