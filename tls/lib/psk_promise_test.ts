import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { type Library, testPskPromises } from "../../common/testing/psk_promise_suite.ts";
import { within } from "../../common/testing/within.ts";
import type { TlsConn } from "./conn.ts";
import { connectTls } from "./connect.ts";
import { listenTls } from "./listen.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const library: Library = {
  listen: (settings) => listenTls({ hostname: "127.0.0.1", port: 0, ...settings }),
  connect: (settings) => connectTls(settings),
  async exchange(from, to) {
    await (from as TlsConn).write(Uint8Array.of(1));
    await within((to as TlsConn).read(new Uint8Array(1)));
  },
};

for (const version of ["TLSv1.2", "TLSv1.3"] as const) testPskPromises(library, version);
