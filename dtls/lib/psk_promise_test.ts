import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { testPskPromises } from "../../common/testing/psk_promise_suite.ts";
import { within } from "../../common/testing/within.ts";
import type { DtlsConn } from "./conn.ts";
import { connectDtls } from "./connect.ts";
import { listenDtls } from "./listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

testPskPromises({
  listen: (settings) => listenDtls({ hostname: "127.0.0.1", port: 0, ...settings }),
  connect: (settings) => connectDtls(settings),
  async exchange(from, to) {
    await (from as DtlsConn).send(Uint8Array.of(1));
    await within((to as DtlsConn).receive());
  },
}, "DTLSv1.2");
