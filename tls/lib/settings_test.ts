/** Every function of the TLS library that takes settings, and every setting of it. */
import { TlsContext } from "../../common/openssl/context.ts";
import { CLIENT_CONTEXT } from "../../common/openssl/settings_table.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { savedSession } from "../../common/testing/tls.ts";
import {
  type Subject,
  testRefusals,
  testSettings,
  testTogether,
} from "../../common/testing/settings_suite.ts";
import { connectTls, tlsContext } from "./connect.ts";
import { listenTls, TlsListener } from "./listen.ts";
import { CONNECT_TLS, LISTEN_TLS } from "./settings.ts";

/** Takes connections, and says nothing: a client that is abandoned at once does not mind. */
const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.test.afterAll(() => server.close());

const pskLookup = () => null;
const base = { hostname: "127.0.0.1", port: 0, pskLookup };

const session = await savedSession();

const SUBJECTS: Subject[] = [
  {
    name: "connectTls()",
    table: CONNECT_TLS,
    base: { port: server.addr.port },
    async call(options) {
      // Who waits for this call does so by the real clock.
      await Promise.resolve();
      // A millisecond is a good time, in which not every machine connects: it does not pass.
      using _clock = new FakeClock();
      const conn = await connectTls(options);
      (await server.accept()).close();
      conn.abandon();
    },
    more: { context: [tlsContext({})], session: [session] },
  },
  {
    name: "tlsContext()",
    table: CLIENT_CONTEXT.tls,
    base: {},
    call: (options) => tlsContext(options).close(),
  },
  { name: "listenTls()", table: LISTEN_TLS, base, call: (options) => listenTls(options).close() },
];

for (const subject of SUBJECTS) testSettings(subject);

// What it takes was tried with listenTls() already.
testRefusals({
  name: "TlsListener()",
  table: LISTEN_TLS,
  base,
  call: (options) => new TlsListener(options).close(),
});

const closed = { context: tlsContext({}), session: await savedSession() };
for (const one of Object.values(closed)) one.close();

testTogether(SUBJECTS[0]!, {
  inside: CLIENT_CONTEXT.tls,
  good: tlsContext({}),
  foreign: {
    "context is a server's": new TlsContext({ role: "server", datagram: false, pskLookup }),
    "context is for DTLS, not TLS": new TlsContext({ role: "client", datagram: true }),
  },
  closed,
});
