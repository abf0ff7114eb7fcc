/** What a log has before the first message: the steps of setting up. */
import { OTHER_STEPS } from "../common/measure/step_log.ts";
import { SETUP_STEPS } from "../common/base/setup_steps.ts";
import type { Role } from "../common/model/protocol.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import { lanesBesideSpin, readDocument, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** By lane; Deno makes, binds and listens on a socket in one call. */
const STEPS: Record<string, Record<Role, string>> = {
  "tcp-async": { client: "lookup", server: "lookup listen" },
  "tcp-sync": { client: "lookup socket", server: "lookup socket bind listen" },
  "udp-async": { client: "lookup bind", server: "lookup bind" },
  "udp-sync": { client: "lookup socket", server: "lookup socket bind" },
  "tls-async-rustls": { client: "lookup load context", server: "lookup load context listen" },
  "tls-async-openssl": {
    client: "lookup load context session",
    server: "lookup load context listen session",
  },
  "tls-sync-openssl": {
    client: "lookup load context socket session",
    server: "lookup load context socket bind listen session",
  },
  "dtls-async-openssl": {
    client: "lookup load context bind session",
    server: "lookup load context bind session",
  },
  "dtls-sync-openssl": {
    client: "lookup load context socket session",
    server: "lookup load context socket bind session",
  },
};

for (const lane of lanesBesideSpin()) {
  Deno.test(`${lane.name} logs have the steps of setting up, and the time of each size`, async () => {
    await using place = await Workplace.make();
    const args = ["--host", "localhost", "--sizes", "100,999", "--repeat", "2"];
    const { client, server } = await place.pair(lane, args, {
      client: ["--csv", place.path("client.csv"), "--json", "-"],
      server: ["--csv", place.path("server.csv")],
    });
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    for (const role of ["client", "server"] as const) {
      const text = await Deno.readTextFile(place.path(`${role}.csv`));
      const lines = text.trimEnd().split("\n").slice(1).map((line) => line.split(","));
      const steps = lines.map(([, , step]) => step!);
      const first = steps.findIndex((step) => !OTHER_STEPS.some((other) => other === step));
      const before = SETUP_STEPS.filter((step) => steps.slice(0, first).includes(step));
      const wanted = STEPS[lane.name]![role].split(" ");
      assertEquals(before, SETUP_STEPS.filter((step) => wanted.includes(step)), role);
      const rest = steps.slice(first).filter((step) => SETUP_STEPS.some((one) => one === step));
      assertEquals(rest, [], role);
      const sizes = lines.filter(([, , step]) => step === "size").map(([, , , , , , size]) => size);
      assertEquals(sizes, role === "client" ? ["100", "999"] : []);
    }
    const [run] = readDocument(client.stdout).runs;
    assert(run?.sizes.every(({ seconds }) => seconds !== undefined && seconds > 0));
  });
}
