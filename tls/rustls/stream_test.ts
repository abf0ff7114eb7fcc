import { ENDED } from "../../common/base/read_result.ts";
import { InterruptedError, RunError, TimeoutError } from "../../common/base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../common/testing/assert.ts";
import type { NodeTlsStream } from "./stream.ts";
import { credentials, LONG_MS, TestServer } from "../../common/testing/rustls.ts";

/** Reads until the peer ends. */
async function readAll(stream: NodeTlsStream, intoBytes: number): Promise<Uint8Array> {
  const into = new Uint8Array(intoBytes);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let read; (read = await stream.read(into, LONG_MS)) > 0;) parts.push(into.slice(0, read));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Bytes in which a lost, doubled or exchanged part shows. */
function pattern(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => i * 31 + (i >> 8) * 7);
}

Deno.test("read() hands over what there is room for and keeps the rest", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  await stream.write(Uint8Array.of(1, 2, 3, 4, 5), LONG_MS);
  const into = new Uint8Array(2);
  assertEquals([await server.read(into, LONG_MS), ...into], [2, 1, 2]);
  assertEquals([server.read(into, LONG_MS), ...into], [2, 3, 4]);
  assertEquals([server.read(into, LONG_MS), ...into], [1, 5, 4]);
});

Deno.test("read() waits for the next bytes", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  const into = new Uint8Array(10);
  for (const byte of [7, 8, 9]) {
    const reading = server.read(into, LONG_MS);
    assert(reading instanceof Promise);
    await stream.write(Uint8Array.of(byte), LONG_MS);
    assertEquals([await reading, into[0]], [1, byte]);
  }
});

Deno.test("read() returns ENDED at the peer's end, after all that came before", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  await stream.write(pattern(1000), LONG_MS);
  const ending = stream.shutdown(LONG_MS);
  assertEquals(await readAll(server, 300), pattern(1000));
  assertEquals(await server.read(new Uint8Array(1), LONG_MS), ENDED);
  await server.shutdown(LONG_MS);
  await ending;
});

Deno.test("read() gets every byte and the end, however slow the reader is", async () => {
  await using listener = await TestServer.listen();
  const sent = pattern(1_000_000);
  // The end came along with data while the reader was behind: Deno lost it then.
  for (let round = 0; round < 10; round++) {
    const { stream, server } = await listener.pair();
    const writing = stream.write(sent, LONG_MS).then(() => stream.shutdown(LONG_MS));
    const received = await readAll(server, 5000);
    assertEquals(received.length, sent.length);
    assert(received.every((byte, i) => byte === sent[i]));
    await server.shutdown(LONG_MS);
    await writing;
  }
});

Deno.test("read() rejects when nothing came in time", async () => {
  await using listener = await TestServer.listen();
  const { server } = await listener.pair();
  const reading = async () => await server.read(new Uint8Array(1), 10);
  await assertRejects(reading, TimeoutError, "timed out after 10 ms");
});

Deno.test("read() returns ENDED when the peer vanishes", async () => {
  await using listener = await TestServer.listen();
  const { raw, stream, server } = await listener.pair();
  await stream.write(Uint8Array.of(1), LONG_MS);
  assertEquals(await server.read(new Uint8Array(1), LONG_MS), 1);
  const reading = server.read(new Uint8Array(1), LONG_MS);
  raw.resetAndDestroy();
  assertEquals(await reading, ENDED);
});

Deno.test("write() hands over all bytes", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  const reading = readAll(stream, 65_536);
  await server.write(pattern(3_000_000), LONG_MS);
  await server.write(Uint8Array.of(), LONG_MS);
  const ending = server.shutdown(LONG_MS);
  assertEquals((await reading).length, 3_000_000);
  await Promise.all([ending, stream.shutdown(LONG_MS)]);
});

Deno.test("write() rejects when the peer does not take the bytes in time", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  // More than all the buffers between the two take: a reader that is behind holds the writer up.
  const writing = () => stream.write(new Uint8Array(32_000_000), 200);
  await assertRejects(writing, TimeoutError);
  await server.close();
});

Deno.test("write() rejects when the peer has vanished", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  await server.close();
  const writing = async () => {
    while (true) await stream.write(new Uint8Array(1000), LONG_MS);
  };
  await assertRejects(writing, Error);
});

Deno.test("write() still works after the peer's end", async () => {
  await using listener = await TestServer.listen();
  const { socket, stream, server } = await listener.pair();
  socket.end();
  assertEquals(await server.read(new Uint8Array(1), LONG_MS), ENDED);
  const reading = readAll(stream, 100_000);
  await server.write(pattern(200_000), LONG_MS);
  await server.shutdown(LONG_MS);
  assertEquals((await reading).length, 200_000);
});

Deno.test("shutdown() throws away what arrives before the peer's end", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  await server.write(Uint8Array.of(1), LONG_MS);
  assertEquals(await stream.read(new Uint8Array(1), LONG_MS), 1);
  const ending = stream.shutdown(LONG_MS);
  assertEquals(await server.read(new Uint8Array(1), LONG_MS), ENDED);
  await server.write(new Uint8Array(500_000), LONG_MS);
  await server.shutdown(LONG_MS);
  await ending;
});

Deno.test("shutdown() rejects when the peer does not end in time", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  await assertRejects(() => stream.shutdown(10), TimeoutError);
  await server.close();
});

Deno.test("shutdown() of a client rejects when the server has refused it", async () => {
  await using listener = await TestServer.listen();
  const accepting = assertRejects(() => listener.accept(), RunError);
  // The client's half of the handshake is done before the server looks at its certificate.
  const { stream } = await listener.connect(await credentials("client", "stranger", "good"));
  await accepting;
  const line = "the server hung up right after the handshake: it refused the client's certificate";
  await assertRejects(() => stream.shutdown(LONG_MS), RunError, line);
});

Deno.test("close() rejects what is pending and may be called twice", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  const reading = server.read(new Uint8Array(1), LONG_MS) as Promise<number>;
  const closing = server.close();
  await assertRejects(() => reading, RunError, "the connection is closed");
  await closing;
  await server.close();
  await assertRejects(() => server.write(Uint8Array.of(1), LONG_MS), RunError);
  await stream.close();
});

Deno.test("interrupt() ends a pending call, and every later one", async () => {
  await using listener = await TestServer.listen();
  const { stream, server } = await listener.pair();
  const reading = server.read(new Uint8Array(1), LONG_MS) as Promise<number>;
  listener.deadlines.interrupt();
  await assertRejects(() => reading, InterruptedError);
  const later = async () => await stream.read(new Uint8Array(1), LONG_MS);
  await assertRejects(later, InterruptedError);
});
