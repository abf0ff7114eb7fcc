/** The system's errors about one datagram end no run: they are losses, on every kind of I/O. */
import { permissionsOf } from "../common/model/lanes.ts";
import { join } from "../common/base/std.ts";
import { assert, assertEquals } from "../common/testing/assert.ts";
import { inShortTime } from "../common/testing/short_time.ts";
import { cannotMakeTrouble, withoutNetwork } from "../common/testing/trouble.ts";
import { ROOT } from "./lib/children.ts";
import {
  assertOneLine,
  lanesBesideSpin,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const FLAKY = join(ROOT, "common", "testing", "flaky_datagrams.ts");

const OPTIONS = ["--sizes", "100,1000", "--repeat", "40", "--connect", "once"];

for (const lane of lanesBesideSpin("udp", "dtls")) {
  Deno.test(`${lane.name} pair counts what the system refuses to send or receive as lost`, () =>
    inShortTime(300, async (timeoutMs) => {
      await using place = await Workplace.make();
      const changes = { permissions: [...permissionsOf(lane), `--preload=${FLAKY}`] };
      const both = [...OPTIONS, "--timeout-ms", String(timeoutMs)];
      const { port, process } = await place.serve(lane, both, changes);
      const args = [...both, "--json", "-", "--port", String(port)];
      const client = await place.run(lane, "client", args, changes);
      assertEquals(client.code, 0, client.stderr);
      const { code, stderr } = await process.ended;
      assertEquals(code, 0, stderr);
      const { sizes } = readDocument(client.stdout).runs[0]!;
      const lost = sizes.reduce((sum, size) => sum + size.lost!, 0);
      assert(lost > 0 && lost < 60, `${lost} of 80 were lost`);
    }));
}

for (const lane of lanesBesideSpin("udp")) {
  Deno.test({
    name: `${lane.name} client says that no network leads to the server`,
    ignore: cannotMakeTrouble(),
    fn: async () => {
      await using place = await Workplace.make();
      const args = ["--host", "192.0.2.1", "--timeout-ms", "50", "--json", "-"];
      const started = withoutNetwork(() => place.start(lane, "client", args, { ownProcess: true }));
      if (!started) return;
      const client = await started.ended;
      // The warm-up has no network either.
      const stderr = client.stderr.replace(/^warning: the warm-up has failed, .*\n/, "");
      assertOneLine(
        { ...client, stderr },
        1,
        /^error: cannot .* 192\.0\.2\.1:1443: .*network is unreachable/i,
      );
      // The first message says so already: none was exchanged.
      assertEquals(readDocument(client.stdout).runs[0]!.sizes, []);
    },
  });
}
