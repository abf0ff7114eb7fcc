import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { CASES, filesOf } from "../common/testing/certificate_table.ts";
import { testCertificates } from "../common/testing/certs.ts";
import {
  assertOneLine,
  goodCertificates,
  laneNamed,
  lanesBesideSpin,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const OPTIONS = ["--sizes", "100", "--repeat", "2"];

/** As the C programs make theirs: their names are in no extension. */
const NAMELESS = CASES.find(({ name, role }) =>
  name === "a name in its subject alone" && role === "server"
)!;

for (const lane of lanesBesideSpin("tls", "dtls")) {
  Deno.test(`${lane.name} client wants the name that --server-name says`, async () => {
    await using place = await Workplace.make(await testCertificates("wrongName"));
    const { port, process } = await place.serve(lane, OPTIONS);
    const args = [...OPTIONS, "--port", String(port), "--server-name"];
    const refused = await place.run(lane, "client", [...args, "other.example"]);
    assertOneLine(refused, 1, /certificate is (for wrong\.example, .*, )?not for other\.example/);
    const taken = await place.run(lane, "client", [...args, "WRONG.example."]);
    assertEquals([taken.code, taken.stderr], [0, ""]);
    assertEquals((await process.ended).code, 0);
  });

  Deno.test(`${lane.name} client takes any name with --unsafely-skip-name-check`, async () => {
    const { ca, cert, key } = await filesOf(NAMELESS, "server");
    const good = await goodCertificates();
    const set = { ...good, ca: good.ca + ca, server: { cert, key } };
    await using place = await Workplace.make(set);
    const { client, server } = await place.pair(lane, OPTIONS, {
      client: ["--unsafely-skip-name-check"],
    });
    assertOneLine(client, 0, /^warning: the server's name is not checked/);
    assertEquals(server.code, 0, server.stderr);
  });

  if (lane.io !== "async") continue;
  Deno.test(`${lane.name} client checks the authority with --unsafely-skip-name-check`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, OPTIONS);
    const { ca } = await testCertificates("stranger");
    await place.write({ ...await goodCertificates(), ca });
    const args = [...OPTIONS, "--port", String(port), "--unsafely-skip-name-check"];
    const { code, stderr } = await place.run(lane, "client", args);
    assertEquals(code, 1);
    assertMatch(stderr, /\nerror: .*(not from an authority|unable to get|self-signed)/);
  });
}

Deno.test("--server-name refuses what is neither a name nor an address", async () => {
  await using place = await Workplace.make();
  const args = [...OPTIONS, "--server-name", "a b"];
  assertOneLine(
    await place.run(laneNamed("tls-async-openssl"), "client", args),
    2,
    /--server-name/,
  );
});
