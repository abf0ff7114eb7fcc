/** The table of certificates in the hands of the pairs; all of it is tried on each engine alone. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { CASES, filesOf } from "../common/testing/certificate_table.ts";
import { goodCertificates, laneNamed, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** A row for what each of the checks that are this project's own finds. */
const ROWS: readonly (readonly [row: string, role: "client" | "server", reason: RegExp])[] = [
  [
    "an expired root",
    "server",
    /certificate (is refused: certificate has expired|is refused: the time of an authority)/,
  ],
  [
    "an expired root",
    "client",
    /certificate (is refused: certificate has expired|is refused: the time of an authority)/,
  ],
  ["a name in its subject alone", "server", /is not for localhost|is for no name/],
  ["a certificate of version 1", "client", /of X\.509 version 1/],
];

const NAMES = [
  "tls-async-rustls",
  "tls-async-openssl",
  "tls-sync-openssl",
  "dtls-async-openssl",
  "dtls-sync-openssl",
];

const OPTIONS = ["--sizes", "100", "--repeat", "2", "--host", "localhost"];

const REFUSAL = /: the (peer|server|client) (refused|hung up)/;

for (const name of NAMES) {
  for (const [row, role, reason] of ROWS) {
    Deno.test(`${name} refuses a ${role} with ${row}`, async () => {
      const found = CASES.find((one) => one.name === row && one.role === role)!;
      const { ca, cert, key } = await filesOf(found, role);
      const good = await goodCertificates();
      const set = { ...good, ca: good.ca + ca, [role]: { cert, key } };
      await using place = await Workplace.make(set);
      const { port, process } = await place.serve(laneNamed(name), OPTIONS);
      const args = [...OPTIONS, "--port", String(port)];
      const client = await place.run(laneNamed(name), "client", args);
      assertEquals(client.code, 1);
      await process.says(role === "server" ? REFUSAL : reason);
      process.kill("SIGTERM");
      const ending = { client, server: await process.ended };
      assertMatch(ending[role === "server" ? "client" : "server"].stderr, reason);
      // The other one says who has refused whom, or that the other has gone.
      assertMatch(ending[role].stderr, REFUSAL);
      const said = ending.client.stderr + ending.server.stderr;
      assertEquals(said.includes("    at "), false, said);
    });
  }
}
