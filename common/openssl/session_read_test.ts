import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { connectedNet, type MemoryNet } from "../testing/memory_net.ts";
import { ENDED, NOT_YET } from "../base/read_result.ts";
import { OpenSslError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";

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
