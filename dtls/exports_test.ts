/** Everything the DTLS library exports, with wrong arguments. */
import { SavedSession } from "../common/openssl/saved_session.ts";
import {
  bytes,
  HARMLESS,
  INNER,
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
import { connectDtls, dtlsContext } from "./lib/connect.ts";
import * as library from "./mod.ts";
import { acceptFrom, connect, listen } from "../common/testing/dtls.ts";

const DTLS_CONN: Methods = {
  handshake: HARMLESS,
  send: [bytes("message", 1, 16_384)],
  receive: RECEIVING,
  [Symbol.asyncIterator]: HARMLESS,
  shutdown: HARMLESS,
  abandon: HARMLESS,
  fail: INNER,
  advance: INNER,
};

testExports("dtls/mod.ts", library, ["connectDtls", "dtlsContext", "listenDtls"], {
  ...SHARED,
  DtlsConn: DTLS_CONN,
  DtlsListener: LISTENER,
});

/** A client's connection, and what ends it with its server. */
async function established(): Promise<Target & { it: library.DtlsConn }> {
  await using made = new AsyncDisposableStack();
  const listener = made.use(await listen());
  const it = made.use(await connect(listener));
  const server = await acceptFrom(listener, it);
  const kept = made.move();
  return {
    it,
    async use() {
      await it.send(Uint8Array.of(1, 2, 3));
      assertEquals(await server.receive(), Uint8Array.of(1, 2, 3));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A connection whose server does not answer: what is wrong is refused, not waited with. */
async function unanswered(): Promise<Target> {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const it = await connectDtls({ port: (silent.addr as Deno.NetAddr).port });
  const end = () => {
    it.abandon();
    silent.close();
    return Promise.resolve();
  };
  return { it, use: () => Promise.resolve(), [Symbol.asyncDispose]: end };
}

const STATES = { "once connected": established, "before its handshake": unanswered };
testArguments("DtlsConn", DTLS_CONN, STATES);
testArguments("DtlsConn", SECURE_CONN, { "once connected": established });
testStray("DtlsConn", DTLS_CONN, established);
testStray("DtlsConn as a SecureConn", SECURE_CONN, established);

/** A listener with a client that is waiting. */
testStray("DtlsListener", LISTENER, async () => {
  const client = await established();
  const listener = await listen();
  const waiting = await connect(listener);
  return {
    it: listener,
    use: () => client.use(),
    async [Symbol.asyncDispose]() {
      waiting.abandon();
      await client[Symbol.asyncDispose]();
    },
  };
});

testArguments("DtlsListener", LISTENER, {
  "that runs": async () => {
    const it = await listen();
    return { it, use: () => Promise.resolve(), [Symbol.asyncDispose]: () => it.close() };
  },
});

/** A context of a client. */
function context(): Promise<Target> {
  const it = dtlsContext({});
  const end = () => Promise.resolve(it.close());
  return Promise.resolve({ it, use: () => Promise.resolve(), [Symbol.asyncDispose]: end });
}

testStray("TlsContext", SHARED.TlsContext!, context);
testArguments("TlsContext", SHARED.TlsContext!, { "of a client": context });

/** A saved session and its class, as its methods stand on either. */
async function saved(): Promise<Target> {
  await using client = await established();
  const it = client.it.saveSession()!;
  const text = it.serialize();
  const parse = (text: string) => SavedSession.parse(text);
  return {
    it: Object.assign(it, { parse }),
    use: () => Promise.resolve(SavedSession.parse(text).close()),
    [Symbol.asyncDispose]: () => Promise.resolve(it.close()),
  };
}

testArguments("SavedSession", SHARED.SavedSession!, { "of its class": saved });
testStray("SavedSession", SHARED.SavedSession!, saved);
