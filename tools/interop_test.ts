/** The secure pairs against OpenSSL's own client and server, both ends with certificates. */
import type { Lane } from "../common/model/lanes.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { freePortFor, lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { findProgram } from "../common/testing/programs.ts";
import { within } from "../common/testing/within.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";
import { RunningProgram } from "../common/testing/running_program.ts";

hostScripts();

const ignore = findProgram("openssl") === null;

const SECURE = lanesBesideSpin().filter((lane) => lane.engine !== null);

/** Versions a lane has to get along with. */
function versionsOf(lane: Lane): string[] {
  return lane.protocol === "dtls" ? ["dtls1_2"] : ["tls1_2", "tls1_3"];
}

/** What `openssl s_client` and `s_server` need to authenticate and to verify. */
function credentials(place: Workplace, role: "client" | "server"): string[] {
  return [
    ...["-cert", place.path(`${role}-cert.pem`), "-key", place.path(`${role}-key.pem`)],
    ...["-CAfile", place.path("ca.pem"), "-verify_return_error"],
  ];
}

for (const lane of SECURE) {
  for (const version of versionsOf(lane)) {
    const type = lane.protocol === "dtls" ? "dtls" : " ssl";

    Deno.test(`${lane.name} server answers openssl s_client -${version}`, { ignore }, async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
      await using client = RunningProgram.start("openssl", [
        ...["s_client", `-${version}`, "-connect", `127.0.0.1:${port}`, "-quiet"],
        ...["-verify_ip", "127.0.0.1", ...credentials(place, "client")],
      ]);
      const message = `    0,${type},    100,    1.000001,`.padEnd(100, "A");
      await client.type(message);
      await client.printed(/ack\0/);
      client.signal("SIGTERM");
      // s_client goes without a close_notify, which ends a server of streams, and is not to be
      // heard of on datagrams; the message was answered all the same.
      if (lane.protocol === "dtls") process.kill("SIGTERM");
      const { stdout } = await within(process.ended);
      assertMatch(stdout, new RegExp(`us     0,${type},    100,    1\\.000001$`, "m"));
    });

    Deno.test(
      `${lane.name} client sends its message to openssl s_server -${version}`,
      { ignore },
      async () => {
        await using place = await Workplace.make();
        const port = freePortFor(lane);
        await using server = RunningProgram.start("openssl", [
          ...["s_server", `-${version}`, "-accept", `127.0.0.1:${port}`, "-Verify", "1"],
          ...["-naccept", "1", ...credentials(place, "server")],
        ]);
        await server.printed(/ACCEPT/);
        const client = place.run(lane, "client", [
          ...["--port", String(port), "--sizes", "100", "--repeat", "1", "--no-reply"],
        ]);
        await server.printed(/A{68}/);
        const { code, stderr } = await client;
        assertEquals(code, 0, stderr);
        assertMatch(server.output, new RegExp(` {4}0,${type}, {4}100, *\\d+\\.\\d{6},A{68}`));
        assertMatch(server.output, /subject=.*client/i);
      },
    );
  }
}
