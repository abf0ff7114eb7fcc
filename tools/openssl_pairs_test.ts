/** What the pairs on OpenSSL can besides: resumption, versions, ciphers, echo and discard. */
import { LANES } from "../common/lanes.ts";
import { connectDtls } from "../dtls/mod.ts";
import { connectTls } from "../tls/mod.ts";
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { assertOneLine, goodCertificates, laneNamed, readDocument, Workplace } from "./testing.ts";

const OPENSSL = LANES.filter((lane) => lane.engine === "openssl");

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
    const words = ["--sizes", "100", "--repeat", "5", "--resume", "--clients", "3", "--no-reply"];
    const { client, server } = await place.pair(lane, words, { client: ["--json", "-"] });
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

  Deno.test(`${lane.name} client says that a cipher is unknown`, async () => {
    await using place = await Workplace.make();
    assertOneLine(
      await place.run(lane, "client", ["--ciphers", "ROT13"]),
      1,
      /^error: Cannot use the ciphers ROT13: /,
    );
  });
}

/** Sends to a server what is no message of the pairs', and gives what comes back. */
const TALK: Record<string, (port: number, bytes: Uint8Array) => Promise<Uint8Array | null>> = {
  "tcp-async": async (port, bytes) => {
    using conn = await Deno.connect({ port });
    await conn.write(bytes);
    await conn.closeWrite();
    const into = new Uint8Array(100);
    const length = await conn.read(into);
    return length === null ? null : into.subarray(0, length);
  },
  "udp-async": async (port, bytes) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
    const timer = setTimeout(() => socket.close(), 300);
    const received = await socket.receive().then(([bytes]) => bytes, () => null);
    clearTimeout(timer);
    if (received) socket.close();
    return received;
  },
  "tls-async-openssl": async (port, bytes) => {
    await using conn = await connectTls({ port, ...await credentials() });
    await conn.write(bytes);
    await conn.closeWrite();
    const into = new Uint8Array(100);
    const length = await conn.read(into);
    return length === null ? null : into.subarray(0, length);
  },
  "dtls-async-openssl": async (port, bytes) => {
    await using conn = await connectDtls({ port, ...await credentials() });
    await conn.send(bytes);
    return await conn.receive(undefined, 300).catch(() => null);
  },
};

async function credentials() {
  const { ca, client } = await goodCertificates();
  return { caCerts: [ca], ...client };
}

for (const [name, talk] of Object.entries(TALK)) {
  for (const mode of ["echo", "discard"]) {
    Deno.test(`${name} server with --${mode} serves many clients until it is stopped`, async () => {
      await using place = await Workplace.make();
      const { port, process } = await place.serve(laneNamed(name), [`--${mode}`]);
      const sent = [1, 2, 3, 4].map((i) => new TextEncoder().encode(`anything at all ${i}`));
      const received = await Promise.all(sent.map((bytes) => talk(port, bytes)));
      assertEquals(received, mode === "echo" ? sent : [null, null, null, null]);
      process.kill("SIGINT");
      const { code, stderr } = await process.ended;
      assertEquals(code, 130);
      assertMatch(stderr, /^listening on .*\ninterrupted; the results are partial\n$/);
    });
  }
}
