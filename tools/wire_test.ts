/** The bytes on the wire are the original's: a header as printf makes it, filler, and `ack\0`. */
import { assertEquals, assertMatch } from "../common/testing/assert.ts";
import { lanesBesideSpin, Workplace } from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";

hostScripts();

const ACK = new TextEncoder().encode("ack\0");
const LOOPBACK = { hostname: "127.0.0.1", port: 0 } as const;

/** `%5d,%4s, %6d,% 5ld.%06lu,` and filler. */
function assertMessage(bytes: Uint8Array, no: string, type: string, size: string): void {
  assertEquals(bytes.length, Number(size));
  const text = new TextDecoder().decode(bytes);
  assertEquals(text.slice(0, 19), `${no},${type}, ${size},`);
  assertMatch(text.slice(19, 32), /^ *[0-9]{1,4}\.[0-9]{6},$/);
  assertEquals(text.slice(32), "A".repeat(bytes.length - 32));
}

for (const lane of lanesBesideSpin("tcp")) {
  Deno.test(`${lane.name} client writes messages of the original's format`, async () => {
    await using place = await Workplace.make();
    using listener = Deno.listen(LOOPBACK);
    const running = place.run(lane, "client", [
      ...["--port", String(listener.addr.port), "--sizes", "32,10200", "--repeat", "2"],
    ]);
    for (const [no, size] of [[0, 32], [1, 32], [0, 10200], [1, 10200]] as const) {
      using conn = await listener.accept();
      const bytes = new Uint8Array(size);
      for (let got = 0; got < size;) got += await conn.read(bytes.subarray(got)) ?? size;
      await conn.write(ACK);
      assertEquals(await conn.read(new Uint8Array(1)), null, "the client closes after the answer");
      assertMessage(bytes, `    ${no}`, " tcp", String(size).padStart(6));
    }
    assertEquals((await running).code, 0);
  });

  Deno.test(`${lane.name} server answers a message of the original with ack and a zero byte`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
    using conn = await Deno.connect({ port });
    const message = "    0, tcp,    100, 3599.999999,".padEnd(100, "A");
    // Half a message first: a server has to wait for the rest.
    await conn.write(new TextEncoder().encode(message.slice(0, 50)));
    await conn.write(new TextEncoder().encode(message.slice(50)));
    const answer = new Uint8Array(16);
    assertEquals(await conn.read(answer), 4);
    assertEquals(answer.subarray(0, 4), ACK);
    conn.close();
    const { code, stdout } = await process.ended;
    assertEquals(code, 0);
    assertMatch(stdout, /us {5}0, tcp, {4}100, 3599\.999999$/m);
  });

  Deno.test(`${lane.name} server answers three messages that come in one piece`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--sizes", "40", "--repeat", "3"]);
    using conn = await Deno.connect({ port });
    const messages = [0, 1, 2].map((no) => `    ${no}, tcp,     40,    0.000001,`.padEnd(40, "A"));
    await conn.write(new TextEncoder().encode(messages.join("")));
    const answers = new Uint8Array(12);
    for (let got = 0; got < 12;) got += await conn.read(answers.subarray(got)) ?? 12;
    assertEquals(answers, Uint8Array.of(...ACK, ...ACK, ...ACK));
    conn.close();
    assertEquals((await process.ended).code, 0);
  });

  Deno.test(`${lane.name} server reports bytes that are no message, and serves on`, async () => {
    await using place = await Workplace.make();
    const args = ["--sizes", "100", "--repeat", "2"];
    const { port, process } = await place.serve(lane, args);
    using stranger = await Deno.connect({ port });
    await stranger.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    assertEquals(await stranger.read(new Uint8Array(16)), null);
    assertEquals((await place.run(lane, "client", [...args, "--port", String(port)])).code, 0);
    const { code, stderr } = await process.ended;
    assertEquals(code, 0);
    assertMatch(stderr, /^127\.0\.0\.1:\d+: what arrived is not a message of this program$/m);
  });
}

for (const lane of lanesBesideSpin("udp")) {
  Deno.test(`${lane.name} client sends datagrams of the original's format`, async () => {
    await using place = await Workplace.make();
    const socket = Deno.listenDatagram({ transport: "udp", ...LOOPBACK });
    const { port } = socket.addr as Deno.NetAddr;
    const args = ["--port", String(port), "--sizes", "999,65507", "--repeat", "1"];
    const running = place.run(lane, "client", args);
    for (const size of [999, 65507]) {
      const [bytes, from] = await socket.receive(new Uint8Array(65535));
      await socket.send(ACK, from);
      assertMessage(bytes, "    0", " udp", String(size).padStart(6));
    }
    assertEquals((await running).code, 0);
    socket.close();
  });

  Deno.test(`${lane.name} server answers each datagram of the original with ack and a zero byte`, async () => {
    await using place = await Workplace.make();
    const { port, process } = await place.serve(lane, ["--sizes", "100", "--repeat", "1"]);
    const socket = Deno.listenDatagram({ transport: "udp", ...LOOPBACK });
    const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
    await socket.send(new TextEncoder().encode("a stranger's datagram"), to);
    const message = "    0, udp,    100,    7.000042,".padEnd(100, "A");
    await socket.send(new TextEncoder().encode(message), to);
    const [answer] = await socket.receive(new Uint8Array(65535));
    assertEquals(answer, ACK);
    socket.close();
    const { code, stderr } = await process.ended;
    assertEquals(code, 0);
    assertMatch(stderr, /: a datagram that is not a message of this program$/m);
  });
}
