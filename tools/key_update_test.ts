/** What a peer of TLS 1.3 can do that asks for new keys without end and reads no answer. */
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { testCertificates } from "../common/testing/certs.ts";
import { askForKeys, SmallTcp } from "../common/testing/deaf_peer.ts";
import { within } from "../common/testing/within.ts";
import { connectTls } from "../tls/mod.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** Far more than the buffers of both systems hold, and than may wait. */
const MAX_BYTES = 2 * 1024 * 1024;

const WHY = /the peer asks for answers \(such as of KeyUpdate\) and does not read them/;

for (const lane of lanesBesideSpin("tls").filter(({ engine }) => engine === "openssl")) {
  Deno.test(`${lane.name} server ends a connection whose client reads no answers to its KeyUpdates`, async () => {
    const set = await testCertificates();
    await using place = await Workplace.make(set);
    const { port, process } = await place.serve(lane, ["--echo"]);
    using tcp = await SmallTcp.connect(port);
    const sent = await askForKeys(tcp, "client", MAX_BYTES);
    assert(sent < MAX_BYTES, `${sent}`);
    await using good = await connectTls({ port, caCerts: [set.ca], ...set.client });
    await good.write(Uint8Array.of(1, 2, 3));
    assertEquals(await within(good.read(new Uint8Array(8))), 3);
    process.kill("SIGINT");
    const { stderr } = await within(process.ended);
    assertMatch(stderr, WHY);
  });

  Deno.test(`${lane.name} client ends a connection whose server reads no answers to its KeyUpdates`, async () => {
    await using place = await Workplace.make(await testCertificates());
    using listener = SmallTcp.listen();
    const client = place.start(lane, "client", [
      ...["--port", String(listener.port), "--timeout-ms", "60000"],
    ]);
    using tcp = await listener.accept();
    const sent = await askForKeys(tcp, "server", MAX_BYTES);
    assert(sent < MAX_BYTES, `${sent}`);
    const { code, stderr } = await within(client.ended);
    assertEquals(code, 1);
    assertMatch(stderr, WHY);
  });
}
