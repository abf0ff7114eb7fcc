/** The table of certificates on Deno's own TLS; for OpenSSL see common/openssl/peer_policy_matrix_test.ts. */
import { describe } from "../common/base/errors.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../common/testing/assert.ts";
import { CASES, filesOf, type Row } from "../common/testing/certificate_table.ts";
import type { EndFiles } from "../common/testing/authority_chain.ts";
import { connectTls, listenTls } from "./mod.ts";
import { explainRefusal } from "./rustls/client.ts";
import type { Credentials } from "./rustls/credentials.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { LONG_MS, TestServer } from "../common/testing/rustls.ts";

/** What is shown is shown by OpenSSL, which shows anything when it is told to. */
const ciphers = "ECDHE+AESGCM:@SECLEVEL=0";
const minVersion = "TLSv1.2";

/** What a server on Deno's own TLS says where that has found the fault. */
const NO_REASON = "the client's certificate does not pass: it is out of date, made for another " +
  "purpose, of X.509 version 1, or not from an authority in ca.pem";

/** A server on OpenSSL shows it to a client on Deno's own TLS. */
async function showToClient({ refused, serverName = "localhost" }: Row, files: EndFiles) {
  const good = await testCertificates("good");
  await using listener = listenTls({
    ...{ hostname: "127.0.0.1", port: 0, cert: files.cert, key: files.key, ciphers },
  });
  const answering = (async () => {
    for await (const conn of listener) {
      conn.handshake().then(() => conn.write(Uint8Array.of(1)), () => {}).catch(() => {});
    }
  })();
  const own: Credentials = { ca: [files.ca], ...good.client, minVersion };
  const { port } = listener.addr;
  {
    await using test = await TestServer.listen();
    const connecting = test.connect(own, serverName, port);
    if (!refused) {
      const { stream } = await connecting;
      assertEquals(await stream.read(new Uint8Array(1), LONG_MS), 1);
    } else {
      const error = await connecting.catch((error) => error);
      const server = { address: "127.0.0.1", port, hostname: serverName };
      const signal = AbortSignal.timeout(LONG_MS);
      const line = describe(await explainRefusal(error, server, own.ca, signal));
      assertStringIncludes(line, refused.rustls);
      assertMatch(line, /^the server's certificate /);
    }
  }
  await listener.close();
  await answering;
}

/** A client on OpenSSL shows it to a server on Deno's own TLS. */
async function showToServer({ refused }: Row, files: EndFiles) {
  const good = await testCertificates("good");
  const own: Credentials = { ca: [files.ca], ...good.server, minVersion };
  await using listener = await TestServer.listen(own);
  const accepting = listener.accept().then((stream) => stream, (error) => error);
  await using conn = await connectTls({
    ...{ port: listener.port, cert: files.cert, key: files.key, caCerts: [good.ca], ciphers },
  });
  await conn.handshake();
  if (!refused) {
    await conn.write(Uint8Array.of(1));
    const stream = await accepting;
    assertEquals(await stream.read(new Uint8Array(1), LONG_MS), 1);
    // Else the client waits for the server's end.
    await stream.close();
    return;
  }
  const line = describe(await accepting);
  if (line !== NO_REASON) assertStringIncludes(line, refused.rustls);
  assertMatch(line, /^the client's certificate /);
  // It hangs up, with or without an alert: nothing is read.
  const read = await conn.read(new Uint8Array(1)).catch(() => null);
  assertEquals(read, null);
}

for (const row of CASES) {
  const verb = row.refused ? "refuses" : "takes";
  Deno.test(`node:tls ${verb} ${row.name} (${row.role})`, async () => {
    const files = await filesOf(row, row.role);
    await (row.role === "server" ? showToClient : showToServer)(row, files);
  });
}
