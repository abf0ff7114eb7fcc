/** What strangers make a DTLS server keep, measured in a process of its own. */
import { assert } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { sealed, Stranger } from "../common/testing/dtls_strangers.ts";
import { contextOptions } from "../common/testing/memory_net.ts";
import { MemoryServer } from "../common/testing/memory_server.ts";
import { within } from "../common/testing/within.ts";
import { TlsContext } from "../common/openssl/context.ts";
import { connectDtls } from "./lib/connect.ts";

Deno.test("2000 half-open handshakes of one address raise a server's memory by less than 64 MB", async () => {
  await using server = await MemoryServer.start();
  using context = new TlsContext(await contextOptions("client"));
  const addr = { transport: "udp", hostname: "127.0.0.1", port: server.port } as const;
  // What a server takes for its first clients is no attacker's doing.
  for (let i = 0; i < 50; i++) {
    using first = new Stranger(context, { addr });
    await first.connect();
  }
  const before = await server.rss();
  using strangers = new DisposableStack();
  let sent = 0;
  for (let i = 0; i < 2000; i++) {
    const stranger = strangers.use(new Stranger(context, { addr }));
    await stranger.begin();
    for (let no = 0; no < 40; no++) await stranger.send(sealed(no === 0 ? 1000 : 16, no));
    sent += 40 * 29 + 1000;
    stranger.socket.close();
  }
  assert(sent > 4 * 2 ** 20, `${sent} bytes`);
  const raised = (await server.rss() - before) / 2 ** 20;
  assert(raised < 64, `${raised.toFixed(1)} MiB`);
  // A client from there gets in all the same.
  const { ca, client } = await testCertificates();
  await using conn = await connectDtls({ port: server.port, caCerts: [ca], ...client });
  await within(conn.handshake());
});
