/** Every function of the DTLS library that takes settings, and every setting of it. */
import { TlsContext } from "../../common/openssl/context.ts";
import type { SavedSession } from "../../common/openssl/saved_session.ts";
import { CLIENT_CONTEXT } from "../../common/openssl/settings_table.ts";
import {
  type Subject,
  testRefusals,
  testSettings,
  testTogether,
} from "../../common/testing/settings_suite.ts";
import { connectDtls, dtlsContext } from "./connect.ts";
import { DtlsListener, listenDtls } from "./listen.ts";
import { CONNECT_DTLS, LISTEN_DTLS } from "./settings.ts";
import { acceptFrom, connect, listen } from "../../common/testing/dtls.ts";

/** Nobody answers there, which a client does not mind that is abandoned at once. */
const server = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
Deno.test.afterAll(() => server.close());

const pskLookup = () => null;
const base = { hostname: "127.0.0.1", port: 0, pskLookup };

async function aSession(): Promise<SavedSession> {
  await using listener = await listen();
  await using client = await connect(listener);
  await acceptFrom(listener, client);
  return client.saveSession()!;
}

const session = await aSession();

// Beside a socket there is no port: see shared_socket_test.ts.
const { socket: _, onOtherDatagram: __, ...WITHOUT_SOCKET } = LISTEN_DTLS;

const SUBJECTS: Subject[] = [
  {
    name: "connectDtls()",
    table: CONNECT_DTLS,
    base: { port: (server.addr as Deno.NetAddr).port },
    call: async (options) => (await connectDtls(options)).abandon(),
    more: { context: [dtlsContext({})], session: [session] },
  },
  {
    name: "dtlsContext()",
    table: CLIENT_CONTEXT.dtls,
    base: {},
    call: (options) => dtlsContext(options).close(),
  },
  {
    name: "listenDtls()",
    table: WITHOUT_SOCKET,
    base,
    call: (options) => listenDtls(options).close(),
  },
];

for (const subject of SUBJECTS) testSettings(subject);

// What it takes was tried with listenDtls() already.
testRefusals({
  name: "DtlsListener()",
  table: WITHOUT_SOCKET,
  base,
  call: (options) => new DtlsListener(options).close(),
});

const closed = { context: dtlsContext({}), session: await aSession() };
for (const one of Object.values(closed)) one.close();

testTogether(SUBJECTS[0]!, {
  inside: CLIENT_CONTEXT.dtls,
  good: dtlsContext({}),
  foreign: {
    "context is a server's": new TlsContext({ role: "server", datagram: true, pskLookup }),
    "context is for TLS, not DTLS": new TlsContext({ role: "client", datagram: false }),
  },
  closed,
});
