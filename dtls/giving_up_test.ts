/** Connections that are given up in the middle of something. */
import { OpenSslError } from "../common/openssl/bindings/errors.ts";
import { loadOpenSsl } from "../common/openssl/bindings/library.ts";
import { assertEquals, assertRejects } from "../common/testing/assert.ts";
import { KEY } from "../common/testing/psk.ts";
import { within } from "../common/testing/within.ts";
import type { DtlsConn } from "./lib/conn.ts";
import { connectDtls } from "./lib/connect.ts";
import { listenDtls } from "./lib/listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

Deno.test("onError that abandons the connection does not keep the alert from its client", async () => {
  let server: DtlsConn | null = null;
  const told: unknown[] = [];
  await using listener = listenDtls({
    hostname: "127.0.0.1",
    port: 0,
    pskLookup: () => null,
    onError: (error) => {
      told.push(error);
      server!.abandon();
    },
  });
  const psk = { identity: "sensor-7", key: KEY };
  await using client = await connectDtls({ port: listener.addr.port, psk });
  const refused = assertRejects(() => client.handshake(), OpenSslError, "the peer refused");
  server = await within(listener.accept());
  await within(refused);
  assertEquals([told.length, listener.counters.sessions], [1, 0]);
});
