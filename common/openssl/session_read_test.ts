import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { connectedNet, type MemoryNet } from "../testing/memory_net.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { feedLent } from "./session.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

/** Connected ends, and records of the client's that the server has been fed at once. */
async function fed(records: Uint8Array<ArrayBuffer>[], after: number[] = []): Promise<MemoryNet> {
  const net = await connectedNet({ datagram: false });
  const bytes: number[] = [];
  for (const record of records) {
    net.client.session!.write(record);
    net.client.session!.drain((sealed) => void bytes.push(...sealed));
  }
  net.server.session!.feed(Uint8Array.from([...bytes, ...after]));
  return net;
}

const MESSAGES = [3, 16_384, 5000].map((length, i) => new Uint8Array(length).fill(i + 1));
const ALL = Uint8Array.from(MESSAGES.flatMap((message) => [...message]));

Deno.test("read() takes all records of a stream at once where there is room", async () => {
  using net = await fed(MESSAGES);
  const into = new Uint8Array(ALL.length + 1);
  const { session } = net.server;
  assertEquals(session!.read(into), ALL.length);
  assertEquals(into.subarray(0, -1), ALL);
  assertEquals(session!.read(into), NOT_YET);
});

Deno.test("read() fills what room there is, and goes on in the middle of a record", async () => {
  using net = await fed(MESSAGES);
  const into = new Uint8Array(7000);
  const parts: number[] = [];
  for (let length; (length = net.server.session!.read(into)) > 0;) {
    parts.push(...into.subarray(0, length));
  }
  assertEquals(Uint8Array.from(parts), ALL);
});

Deno.test("read() gives what came before the end, then the end", async () => {
  using net = await connectedNet({ datagram: false });
  const { session } = net.client;
  const bytes: number[] = [];
  for (const message of MESSAGES) session!.write(message);
  session!.shutdown();
  session!.drain((sealed) => void bytes.push(...sealed));
  net.server.session!.feed(Uint8Array.from(bytes));
  const into = new Uint8Array(65_536);
  const read = () => net.server.session!.read(into);
  assertEquals([read(), read(), read()], [ALL.length, ENDED, ENDED]);
});

for (const call of ["read", "write"] as const) {
  Deno.test(`read() gives what came before a broken record, and ${call}() throws then`, async () => {
    using net = await fed(MESSAGES, [23, 3, 3, 0, 20, ...new Uint8Array(20)]);
    const { session } = net.server;
    const into = new Uint8Array(65_536);
    assertEquals(session!.read(into), ALL.length);
    const error = assertThrows(() => session![call](into), OpenSslError);
    assertEquals(assertThrows(() => session!.read(into), OpenSslError), error);
    let alert = 0;
    session!.drain(({ length }) => void (alert += length));
    assert(alert > 0, "the peer is told");
  });
}

Deno.test("feedLent() takes lent bytes of a stream and copied ones in turn, torn anywhere", async () => {
  using net = await connectedNet({ datagram: false });
  const [client, server] = [net.client.session!, net.server.session!];
  const messages = Array.from({ length: 12 }, (_, i) => new Uint8Array(30_000).fill(i));
  const sealed: number[] = [];
  for (const message of messages) {
    client.write(message);
    client.drain((bytes) => void sealed.push(...bytes));
  }
  const into = new Uint8Array(65_536);
  const received: number[] = [];
  // Lent are those of 16384 and more.
  const lengths = [20_000, 50_000, 3, 20_001, 16_384, 100, 65_536];
  for (let at = 0, i = 0; at < sealed.length; i++) {
    const length = lengths[i % lengths.length]!;
    const piece = Uint8Array.from(sealed.slice(at, at += length));
    feedLent(server, piece);
    for (let read; (read = server.read(into)) !== NOT_YET;) {
      received.push(...into.subarray(0, read));
    }
    // It is the caller's again.
    piece.fill(0xee);
  }
  assertEquals(Uint8Array.from(received), await new Blob(messages).bytes());
  client.shutdown();
  client.drain((bytes) => feedLent(server, bytes as Uint8Array<ArrayBuffer>));
  assertEquals([server.read(into), server.shutdown()], [ENDED, true]);
});

Deno.test("feedLent() copies what would be lent while something is unread", async () => {
  using net = await fed([new Uint8Array(20_000).fill(1)]);
  const { session } = net.server;
  net.client.session!.write(new Uint8Array(20_000).fill(2));
  net.client.session!.drain((bytes) => {
    const lent = bytes.slice();
    feedLent(session!, lent);
    lent.fill(0xee);
  });
  const into = new Uint8Array(40_000);
  assertEquals(session!.read(into), 40_000);
  assertEquals([into[0], into[19_999], into[20_000], into[39_999]], [1, 1, 2, 2]);
});
