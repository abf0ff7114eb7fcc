/** Certificates that do not pass: who says what, and that servers serve on. */
import { generateCertificates } from "../certs/generate.ts";
import type { Lane } from "../common/model/lanes.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import {
  assertOneLine,
  goodCertificates,
  lanesBesideSpin,
  Workplace,
} from "../common/testing/pairs.ts";
import { findProgram } from "../common/testing/programs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

/** One test takes a client of OpenSSL's. */
const ignore = findProgram("openssl") === null;

const SECURE = lanesBesideSpin().filter((lane) => lane.engine !== null);
const SMALL = ["--sizes", "100", "--repeat", "3"];

/** Runs a client with other certificates than the server's. */
async function clientWith(
  place: Workplace,
  lane: Lane,
  prepareClient: (place: Workplace) => Promise<void>,
) {
  const { port, process } = await place.serve(lane, SMALL);
  await prepareClient(place);
  const args = [...SMALL, "--port", String(port), "--timeout-ms", "60000"];
  return { client: await place.run(lane, "client", args), server: process, port };
}

for (const lane of SECURE) {
  Deno.test(`${lane.name} scripts name the certificate that is missing`, async () => {
    await using place = await Workplace.make();
    for (const role of ["client", "server"] as const) {
      await Deno.remove(place.path(`${role}-key.pem`));
      const line = new RegExp(
        `^error: cannot read \\S*${role}-key\\.pem: no such file; put it there, or make certificates with: deno task certs --dir \\S+$`,
      );
      assertOneLine(await place.run(lane, role, SMALL), 1, line);
    }
  });

  Deno.test(`${lane.name} client refuses a server's certificate that has expired`, async () => {
    const yesterday = new Date(Date.now() - 86_400_000);
    const past = { notBefore: new Date(Date.now() - 2 * 86_400_000), notAfter: yesterday };
    await using place = await Workplace.make(await generateCertificates(past));
    const { client, server } = await clientWith(place, lane, () => Promise.resolve());
    assertOneLine(client, 1, /^error: cannot connect to .*certificate.*expired/);
    await server.says(/handshake/);
    server.kill("SIGTERM");
    assertMatch((await server.ended).stderr, /^127\.0\.0\.1:\d+: .*handshake/m);
  });

  Deno.test(`${lane.name} client refuses a server's certificate of another authority`, async () => {
    await using place = await Workplace.make(await generateCertificates());
    const { client } = await clientWith(
      place,
      lane,
      async (place) => await place.write(await goodCertificates()),
    );
    const line =
      /^error: cannot connect to .*certificate is not from an authority in ca\.pem.*; make certificates once and copy certs\/pem to both machines$/;
    assertOneLine(client, 1, line);
  });

  Deno.test(`${lane.name} client refuses a server's certificate for another name`, async () => {
    await using place = await Workplace.make(
      await generateCertificates({ names: ["elsewhere.example"] }),
    );
    const { client } = await clientWith(place, lane, () => Promise.resolve());
    assertOneLine(client, 1, /^error: cannot connect to .*certificate is .*not for 127\.0\.0\.1/);
  });

  Deno.test(`${lane.name} server refuses a client of another authority and serves on`, async () => {
    const set = await goodCertificates();
    await using place = await Workplace.make(set);
    const stranger = await generateCertificates();
    const { client, server, port } = await clientWith(
      place,
      lane,
      (place) => place.write({ ...set, client: stranger.client }),
    );
    assertOneLine(client, 1, /^error: cannot .*refused/);
    await place.write(set);
    const second = await place.run(lane, "client", [...SMALL, "--port", String(port)]);
    assertEquals(second.code, 0, second.stderr);
    const ending = await server.ended;
    assertEquals(ending.code, 0);
    assertMatch(ending.stderr, /^127\.0\.0\.1:\d+: .*certificate/m);
  });

  Deno.test(
    `${lane.name} server refuses a client without a certificate and serves on`,
    { ignore },
    async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(lane, SMALL);
      const stranger = await new Deno.Command("openssl", {
        args: [
          ...["s_client", lane.protocol === "dtls" ? "-dtls1_2" : "-tls1_3"],
          ...["-connect", `127.0.0.1:${port}`, "-CAfile", place.path("ca.pem"), "-quiet"],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
      void stranger;
      const client = await place.run(lane, "client", [...SMALL, "--port", String(port)]);
      assertEquals(client.code, 0, client.stderr);
      const ending = await process.ended;
      assertEquals(ending.code, 0);
      assertMatch(ending.stderr, /^127\.0\.0\.1:\d+: .*certificate/m);
    },
  );
}
