import { assertEquals, assertInstanceOf, assertStringIncludes } from "../testing/assert.ts";
import { CASES, filesOf, type Row } from "../testing/certificate_table.ts";
import { testCertificates } from "../testing/certs.ts";
import { type MemoryNet, memoryNet } from "../testing/memory_net.ts";
import { CertificateError, OpenSslError } from "./bindings/errors.ts";
import type { TlsVersion } from "./settings.ts";

/** A network in which one end shows what a row says, and the other looks at it. */
async function netFor(
  row: Row & { role: "server" | "client" },
  version: TlsVersion,
): Promise<MemoryNet> {
  const { ca, cert, key } = await filesOf(row, row.role);
  const good = await testCertificates();
  const versions = { minVersion: version, maxVersion: version };
  // Who shows something weak has to be able to.
  const ciphers = "ECDHE+AESGCM:@SECLEVEL=0";
  const shows = { cert, key, caCerts: [good.ca], ...versions, ciphers };
  const looks = {
    ...good[row.role === "server" ? "client" : "server"],
    caCerts: [ca],
    ...versions,
  };
  return await memoryNet({
    datagram: version.startsWith("DTLS"),
    serverName: row.serverName,
    server: row.role === "server" ? { ...shows, clientCertificate: "none" } : looks,
    client: row.role === "server" ? looks : shows,
  });
}

for (const version of ["TLSv1.3", "TLSv1.2", "DTLSv1.2"] as const) {
  for (const row of CASES) {
    const verb = row.refused ? "refuses" : "takes";
    Deno.test(`handshake() ${verb} ${row.name} (${row.role}, ${version})`, async () => {
      using net = await netFor(row, version);
      net.run();
      const looking = net[row.role === "server" ? "client" : "server"];
      const showing = net[row.role];
      if (!row.refused) {
        assertEquals([looking.error, looking.established], [null, true]);
        assertEquals([showing.error, showing.established], [null, true]);
        return;
      }
      assertInstanceOf(looking.error, CertificateError);
      assertStringIncludes(looking.error.message, row.refused.openssl);
      assertEquals(looking.established, false);
      assertInstanceOf(showing.error, OpenSslError);
      assertStringIncludes(showing.error.message, "the peer refused: ");
      assertEquals(showing.inbox, []);
    });
  }
}
