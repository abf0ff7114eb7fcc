import { assertEquals, assertStringIncludes } from "../common/testing/assert.ts";
import { assertOneLine, lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const SMALL = ["--sizes", "100", "--repeat", "2"];

const ignore = Deno.build.os !== "linux";
const why = ignore ? " (not here: 127.0.0.1 is the loopback interface's only address)" : "";

for (const lane of lanesBesideSpin().filter(({ io }) => io === "sync")) {
  Deno.test({
    name: `${lane.name} client comes from the address that --bind says${why}`,
    ignore,
    async fn() {
      await using place = await Workplace.make();
      // What the server says of a message that is not in its plan names the client.
      const { port, process } = await place.serve(lane, SMALL);
      const args = ["--port", String(port), "--host", "localhost", "--bind", "127.0.0.2"];
      const other = await place.run(lane, "client", [...args, "--sizes", "999", "--repeat", "1"]);
      assertEquals(other.code, 0, other.stderr);
      const client = await place.run(lane, "client", [...args, ...SMALL]);
      assertEquals(client.code, 0, client.stderr);
      const server = await process.ended;
      assertEquals(server.code, 0, server.stderr);
      assertStringIncludes(server.stderr, "127.0.0.2:");
    },
  });

  Deno.test(`${lane.name} client says that it cannot have the address that --bind says`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, SMALL);
    const args = [...SMALL, "--port", String(port), "--bind"];
    const foreign = await place.run(lane, "client", [...args, "192.0.2.1"]);
    assertOneLine(foreign, 1, /: the local address 192\.0\.2\.1 cannot be used: /);
    const unlike = await place.run(lane, "client", [...args, "::1"]);
    assertOneLine(unlike, 1, /^error: 127\.0\.0\.1 cannot be reached from ::1: one has IPv4/);
  });
}
