/** What the pairs on OpenSSL can besides: resumption, versions, ciphers. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import {
  assertOneLine,
  lanesBesideSpin,
  readDocument,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const OPENSSL = lanesBesideSpin().filter((lane) => lane.engine === "openssl");

for (const lane of OPENSSL) {
  Deno.test(`${lane.name} pair resumes all sessions but the first with --resume`, async () => {
    await using place = await Workplace.make();
    const ended = await place.pair(lane, ["--sizes", "100,999", "--repeat", "5", "--resume"], {
      client: ["--json", "-"],
      server: ["--json", "-"],
    });
    for (const { code, stdout, stderr } of [ended.client, ended.server]) {
      assertEquals(code, 0, stderr);
      const [run] = readDocument(stdout).runs;
      assertEquals(run?.resume, true);
      assertEquals(run?.sizes.map((size) => size.resumed), [4, 5]);
      assertEquals(run?.security?.resumed, false, "the first handshake is a full one");
    }
  });

  Deno.test(`${lane.name} pair resumes with one-way messages and with many clients`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "5", "--resume", "--clients", "3", "--no-reply"];
    const { client, server } = await place.pair(lane, args, { client: ["--json", "-"] });
    assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
    const [run] = readDocument(client.stdout).runs;
    // Each client's first handshake may be a full one.
    const resumed = run!.sizes[0]!.resumed;
    assertEquals(resumed >= 12 && resumed <= 14, true, `${resumed} of 15 resumed`);
  });

  Deno.test(`${lane.name} pair agrees on the version and the cipher that were asked for`, async () => {
    await using place = await Workplace.make();
    const cipher = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const { client } = await place.pair(lane, [
      ...["--sizes", "100", "--repeat", "2", "--tls-version", "1.2", "--ciphers", cipher],
    ], { client: ["--json", "-"] });
    assertEquals(client.code, 0, client.stderr);
    const [run] = readDocument(client.stdout).runs;
    assertMatch(run!.security!.version!, /1\.2$/);
    assertEquals(run!.security!.cipher, cipher);
  });

  Deno.test(`${lane.name} pair agrees on the group that was asked for`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "2", "--groups", "P-384:P-256"];
    const { client } = await place.pair(lane, args, { client: ["--json", "-"] });
    assertEquals(client.code, 0, client.stderr);
    assertEquals(readDocument(client.stdout).runs[0]!.security!.group, "secp384r1");
  });

  Deno.test(`${lane.name} scripts name groups that cannot be used, with exit code 2`, async () => {
    await using place = await Workplace.make();
    for (const role of ["client", "server"] as const) {
      const ending = await place.run(lane, role, ["--groups", "ROT13", "--port", "1443"]);
      assertOneLine(ending, 2, /^error: --groups ROT13: OpenSSL .* has no group ROT13; /);
    }
  });

  Deno.test(`${lane.name} scripts name ciphers that are unknown, with exit code 2`, async () => {
    await using place = await Workplace.make();
    for (const [role, list] of [["client", "ROT13"], ["server", "TLS_ROT13"]] as const) {
      const ending = await place.run(lane, role, ["--ciphers", list, "--port", "1443"]);
      assertOneLine(ending, 2, new RegExp(`^error: --ciphers ${list}: no cipher match; `));
    }
  });
}
