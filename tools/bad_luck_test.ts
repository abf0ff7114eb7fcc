import { generateCertificates } from "../certs/generate.ts";
import { type Lane, LANES } from "../common/model/lanes.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import {
  assertOneLine,
  goodCertificates,
  laneNamed,
  lanesOf,
  readDocument,
  untilLogged,
  Workplace,
} from "../common/testing/pairs.ts";

const SECURE = LANES.filter((lane) => lane.engine !== null);
const SMALL = ["--sizes", "100", "--repeat", "3"];

for (const lane of LANES) {
  Deno.test(`${lane.name} server says that its port is taken`, async () => {
    await using place = await Workplace.make();
    const { port } = await place.serve(lane, SMALL);
    const second = await place.run(lane, "server", [...SMALL, "--port", String(port)]);
    const line = new RegExp(
      `^error: cannot listen on 127.0.0.1:${port}: the address is in use; choose another port`,
    );
    assertOneLine(second, 1, line);
  });

  Deno.test(`${lane.name} client says that nobody answers`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, SMALL);
    process.kill("SIGTERM");
    await process.ended;
    const args = [...SMALL, "--port", String(port), "--timeout-ms", "200", "--json", "-"];
    const client = await place.run(lane, "client", args);
    const [run] = readDocument(client.stdout).runs;
    if (lane.name === "udp-async") {
      // Without --allow-ffi nothing tells this one but that nothing ever comes back.
      assertOneLine(
        client,
        1,
        /^error: .*127\.0\.0\.1:\d+: no answer; is the server running there\?/,
      );
      assertEquals(run?.sizes.map((size) => [size.sent, size.answered, size.lost]), [[3, 0, 3]]);
      return;
    }
    const line = new RegExp(`^error: .* 127.0.0.1:${port}: connection refused; is the server`);
    assertOneLine(client, 1, line);
    assertEquals(run?.sizes, []);
  });

  Deno.test(`${lane.name} client keeps what it measured when the server goes`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--sizes", "100,200", "--repeat", "50"]);
    await Deno.writeTextFile(place.path("client.csv"), "");
    // Nothing but 20 answers that do not come tells a UDP client that its server is gone.
    const timeoutMs = lane.protocol === "udp" ? "75" : "1000";
    const client = place.start(lane, "client", [
      ...["--sizes", "100,200", "--repeat", "50", "--wait-ms", "10", "--timeout-ms", timeoutMs],
      ...["--port", String(port), "--csv", place.path("client.csv"), "--json", "-"],
    ]);
    await untilLogged(client, place.path("client.csv"), 50);
    process.kill("SIGKILL");
    const ending = await client.ended;
    const document = readDocument(ending.stdout);
    const [first, second] = document.runs[0]!.sizes;
    assertEquals([first?.sent, first?.answered], [50, 50]);
    if (lane.protocol === "udp") {
      const line = /^error: cannot .*: 20 messages in a row were lost; the server is gone \(at /;
      assertOneLine(ending, 1, line);
      assertEquals([document.complete, second?.lost], [false, 20]);
      return;
    }
    assertOneLine(
      ending,
      1,
      /^error: cannot .* \(at message \d+ of size 200, \d+ of 100 exchanged\)$/,
    );
    assertEquals(document.complete, false);
  });

  Deno.test(`${lane.name} server ends with an error when nothing is heard`, async () => {
    await using place = await Workplace.make();
    const args = [...SMALL, "--port", "0", "--idle-timeout-ms", "50"];
    const server = await place.run(lane, "server", args);
    assertOneLine(
      server,
      1,
      /^error: nothing heard for 50 ms, 0 of 3 messages received$/,
    );
  });
}

for (const lane of lanesOf("dtls")) {
  Deno.test(`${lane.name} client ends its one connection when the server is gone`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100,200", "--repeat", "50", "--connect", "once"];
    const { port, process } = await place.serve(lane, args);
    await Deno.writeTextFile(place.path("client.csv"), "");
    const client = place.start(lane, "client", [
      ...[...args, "--wait-ms", "10", "--timeout-ms", "75", "--port", String(port)],
      ...["--csv", place.path("client.csv"), "--json", "-"],
    ]);
    await untilLogged(client, place.path("client.csv"), 50);
    process.kill("SIGKILL");
    const ending = await client.ended;
    const line = /^error: cannot .*: 20 messages in a row were lost; the server is gone \(at /;
    assertOneLine(ending, 1, line);
    const document = readDocument(ending.stdout);
    assertEquals([document.complete, document.runs[0]!.sizes[1]?.lost], [false, 20]);
  });
}

for (const lane of lanesOf("udp")) {
  Deno.test(`${lane.name} client's run without any answer is not complete, however short`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, SMALL);
    process.kill("SIGTERM");
    await process.ended;
    const args = ["--sizes", "100", "--repeat", "1", "--timeout-ms", "50", "--json", "-"];
    const client = await place.run(lane, "client", [...args, "--port", String(port)]);
    // Without --allow-ffi, which this lane does without, nothing says that nobody listens.
    const line = lane.io === "async"
      ? /^error: .*: no answer; is the server running there\? \(at message 0 /
      : /^error: .*: connection refused; is the server running there\?$/;
    assertOneLine(client, 1, line);
    assertEquals(readDocument(client.stdout).complete, false);
  });
}

/** Runs a client with other certificates than the server's. */
async function clientWith(
  place: Workplace,
  lane: Lane,
  prepareClient: (place: Workplace) => Promise<void>,
) {
  const { port, process } = await place.serve(lane, SMALL);
  await prepareClient(place);
  const args = [...SMALL, "--port", String(port), "--timeout-ms", "2000"];
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
    assertOneLine(client, 1, /^error: cannot connect to .*certificate/);
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

  Deno.test(`${lane.name} server refuses a client without a certificate and serves on`, async () => {
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
  });
}

Deno.test("dtls scripts say how to install libssl where it is missing", async () => {
  await using place = await Workplace.make();
  const env = { NETPAIRS_LIBSSL: "/nowhere/libssl.so.3" };
  for (const role of ["client", "server"] as const) {
    const ending = await place.run(laneNamed("dtls-async-openssl"), role, SMALL, { env });
    assertOneLine(
      ending,
      1,
      /^error: OpenSSL 3 is missing \(NETPAIRS_LIBSSL names \/nowhere\/libssl\.so\.3, which cannot be opened\); .*install/,
    );
  }
});

Deno.test("dtls scripts say that they need the permission to use FFI", async () => {
  await using place = await Workplace.make();
  const permissions = ["--allow-net", "--allow-read"];
  for (const role of ["client", "server"] as const) {
    const ending = await place.run(laneNamed("dtls-async-openssl"), role, SMALL, { permissions });
    assertOneLine(ending, 1, /^error: permission missing: .*; run again with --allow-ffi$/);
  }
});
