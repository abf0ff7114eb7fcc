import { assertEquals, assertInstanceOf, assertNotEquals } from "../../testing/assert.ts";
import { connectedNet, memoryNet } from "../../testing/memory_net.ts";
import { MemoryBio } from "./memory_bio.ts";
import { CertificateError, describeReason, OpenSslError, takeError } from "./errors.ts";
import { loadOpenSsl } from "./library.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

/** Puts an error into the queue: there is no certificate in nothing. */
function provoke(): void {
  using bio = new MemoryBio(lib);
  lib.PEM_read_bio_X509(bio.pointer, null, null, new Uint8Array(1));
}

Deno.test("takeError() takes number, library and reason from the queue", () => {
  lib.ERR_clear_error();
  provoke();
  const error = takeError(lib, "read it");
  assertNotEquals(error.code, 0);
  assertEquals([error.library, error.reason], ["PEM routines", "no start line"]);
  assertEquals(error.verifyResult, 0);
  assertEquals(error.message, "Cannot read it: no start line");
});

Deno.test("takeError() keeps the rest of the queue, oldest first", () => {
  lib.ERR_clear_error();
  provoke();
  provoke();
  provoke();
  const error = takeError(lib, "read it");
  assertEquals(error.queue, ["no start line", "no start line"]);
});

Deno.test("takeError() leaves the queue empty", () => {
  provoke();
  takeError(lib, "read it");
  assertEquals(lib.ERR_get_error(), 0n);
});

Deno.test("takeError() says that the peer has gone where the queue is empty", () => {
  lib.ERR_clear_error();
  const error = takeError(lib, "read");
  assertEquals([error.code, error.message], [0, "Cannot read: the peer has gone"]);
});

Deno.test("takeError() makes a CertificateError of a certificate that fails", async () => {
  using net = await memoryNet({ serverName: "wrong.example" });
  net.run();
  const { error } = net.client;
  assertInstanceOf(error, CertificateError);
  assertInstanceOf(error, OpenSslError);
  assertEquals([error.name, error.reason], ["CertificateError", "certificate verify failed"]);
  assertEquals(error.verifyResult, 62, "X509_V_ERR_HOSTNAME_MISMATCH");
});

Deno.test("takeError() makes no CertificateError of other faults", async () => {
  using net = await connectedNet();
  net.client.shutdown();
  try {
    net.client.send(new Uint8Array(1));
  } catch (error) {
    assertInstanceOf(error, OpenSslError);
    assertEquals([error.name, error.reason], ["OpenSslError", "protocol is shutdown"]);
    return;
  }
  throw new Error("a session that was shut down has sent");
});

Deno.test("describeReason() says that an alert is the peer's", () => {
  for (const version of ["sslv3", "tlsv1", "tlsv13", "ssl/tls", "tls"]) {
    assertEquals(
      describeReason(`${version} alert handshake failure`),
      "the peer refused: handshake failure",
    );
  }
});

Deno.test("describeReason() leaves every other reason as it is", () => {
  for (const reason of ["wrong version number", "tlsv1 alertness", "an ssl alert unknown"]) {
    assertEquals(describeReason(reason), reason);
  }
});
