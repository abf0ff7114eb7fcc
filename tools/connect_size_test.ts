import { readLog } from "./report/log_reader.ts";
import { LANES } from "../common/model/lanes.ts";
import { FULL_PLAN } from "../common/model/plan.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const SIZES = FULL_PLAN.sizes.length;

for (const lane of LANES) {
  Deno.test(`${lane.name} pair has a connection for each of the plan's 22 sizes`, async () => {
    await using place = await Workplace.make();
    const resume = lane.engine === "openssl" ? ["--resume"] : [];
    const { client, server } = await place.pair(
      lane,
      ["--connect", "size", "--repeat", "2", ...resume],
      {
        client: ["--json", "-", "--csv", place.path("client.csv")],
        server: ["--json", "-", "--csv", place.path("server.csv")],
      },
    );
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    for (const { stdout } of [client, server]) {
      const [run] = readDocument(stdout).runs;
      assertEquals(run?.connect, "size");
      assertEquals(run?.sizes.map(({ answered }) => answered), Array(SIZES).fill(2));
      // Each but the first connection resumes the session of the one before.
      const resumed = Array.from({ length: SIZES }, (_, i) => i > 0 && resume.length > 0 ? 2 : 0);
      assertEquals(run?.sizes.map(({ resumed }) => resumed), resumed);
    }
    const connections = lane.protocol === "udp" ? 0 : SIZES;
    for (const role of ["client", "server"]) {
      const steps = [...readLog(await Deno.readTextFile(place.path(`${role}.csv`)))];
      const count = (wanted: string) => steps.filter(({ step }) => step === wanted).length;
      assertEquals(count("close"), connections, role);
      assertEquals(count("handshake"), lane.engine ? connections : 0, role);
    }
  });
}
