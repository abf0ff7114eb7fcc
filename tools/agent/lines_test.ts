import { RunError } from "../../common/base/errors.ts";
import { assertEquals, assertRejects } from "../../common/testing/assert.ts";
import { type LineConn, Lines } from "./lines.ts";
import { SILENCE_MS } from "./messages.ts";

/** A connection over which these bytes come, piece by piece, and then its end. */
function connOf(...pieces: (string | Uint8Array)[]) {
  const written: string[] = [];
  const conn: LineConn = {
    read(into) {
      const piece = pieces.shift();
      if (piece === undefined) return Promise.resolve(null);
      const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
      into.set(bytes);
      return Promise.resolve(bytes.length);
    },
    async write(bytes) {
      written.push("(", new TextDecoder().decode(bytes));
      await Promise.resolve();
      written.push(")");
      return bytes.length;
    },
  };
  return { conn, written };
}

async function valuesOf(lines: Lines): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let line; (line = await lines.read(1000));) values.push(line.value);
  return values;
}

Deno.test("Lines.read() finds lines wherever the pieces are cut, and says when they came", async () => {
  let us = 0;
  const { conn } = connOf('{"a":', '1}\n{"b":2}\n', '"\u00e9', '"\n');
  const lines = new Lines(conn, 20, () => ++us);
  assertEquals(await lines.read(1000), { value: { a: 1 }, atUs: 2 });
  assertEquals(await lines.read(1000), { value: { b: 2 }, atUs: 2 });
  assertEquals(await lines.read(1000), { value: "\u00e9", atUs: 4 });
  assertEquals(await lines.read(1000), null);
});

Deno.test("Lines.read() takes a line of the greatest length, and refuses a longer one", async () => {
  const now = () => 0;
  assertEquals(await valuesOf(new Lines(connOf('"12345678"\n').conn, 10, now)), ["12345678"]);
  for (const pieces of [['"123456789"\n'], ["xxxxxx", "xxxxxx", "xxxxxx"]]) {
    const lines = new Lines(connOf(...pieces).conn, 10, now);
    await assertRejects(() => lines.read(1000), RunError, "a line has more than 10 bytes");
  }
});

Deno.test("Lines.read() refuses what is no JSON, no UTF-8, or cut off", async () => {
  for (const bytes of ["hello\n", "\n", new Uint8Array([0x22, 0xff, 0x22, 0x0a])]) {
    const lines = new Lines(connOf(bytes).conn, 100, () => 0);
    await assertRejects(() => lines.read(1000), RunError, "a line is no JSON");
  }
  const lines = new Lines(connOf('{"a":1}').conn, 100, () => 0);
  await assertRejects(() => lines.read(1000), RunError, "its last line is cut off");
});

Deno.test("Lines.write() writes one line after the other", async () => {
  const { conn, written } = connOf();
  const lines = new Lines(conn, 100, () => 0);
  let made = 0;
  const late = () => ({ made, when: written.length });
  await Promise.all([lines.write({ a: 1 }), (made++, lines.writeLate(late))]);
  assertEquals(written.join(""), '({"a":1}\n)({"made":1,"when":3}\n)');
});

Deno.test("Lines.write() rejects where the connection has failed, each call for itself", async () => {
  const conn = { ...connOf().conn, write: () => Promise.reject(new RunError("gone")) };
  const lines = new Lines(conn, 100, () => 0);
  await assertRejects(() => lines.write({}), RunError, "gone");
  await assertRejects(() => lines.write({}), RunError, "gone");
});

Deno.test("Lines.write() waits for a peer that does not read no longer than it may", async () => {
  const bounds: (number | undefined)[] = [];
  const write = (bytes: Uint8Array, timeoutMs?: number) => {
    bounds.push(timeoutMs);
    return Promise.resolve(bytes.length);
  };
  await new Lines({ ...connOf().conn, write }, 100, () => 0, 50).write({});
  await new Lines({ ...connOf().conn, write }, 100, () => 0).write({});
  assertEquals(bounds, [50, SILENCE_MS]);
});
