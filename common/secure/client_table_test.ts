import type { TlsSession } from "../openssl/session.ts";
import { assertEquals } from "../testing/assert.ts";
import { ClientTable, ownerOf } from "./client_table.ts";

/** As far as the table looks at it: a ClientHello whose random is all of one byte. */
function hello(first: number): Uint8Array {
  return new Uint8Array(100).fill(first);
}

function conn(established: boolean) {
  return { session: { established } as TlsSession };
}

function table() {
  return new ClientTable<ReturnType<typeof conn>>();
}

Deno.test("begin() replaces a handshake that is not complete at once", () => {
  const [clients, old, anew] = [table(), conn(false), conn(false)];
  assertEquals(clients.begin("a", old, hello(1)), null);
  assertEquals(clients.begin("a", anew, hello(2)) === old, true);
  assertEquals([...clients.conns()].length, 1);
});

Deno.test("begin() leaves an established connection beside the client that begins anew", () => {
  const [clients, old, anew, third] = [table(), conn(true), conn(false), conn(false)];
  clients.begin("a", old, hello(1));
  assertEquals(clients.begin("a", anew, hello(2)), null);
  assertEquals([clients.size, [...clients.conns()].length], [1, 2]);
  assertEquals(clients.begin("a", third, hello(3)) === anew, true);
  assertEquals(clients.get("a")!.conn === old, true);
});

Deno.test("established() replaces what the address had before, once", () => {
  const [clients, old, anew] = [table(), conn(true), conn(false)];
  clients.begin("a", old, hello(1));
  assertEquals(clients.established("a", old), null);
  clients.begin("a", anew, hello(2));
  assertEquals([old, anew].map((one) => clients.replaces("a", one)), [false, true]);
  assertEquals(clients.established("a", anew)?.conn === old, true);
  assertEquals(clients.established("a", anew), null);
  assertEquals(clients.get("a")!.conn === anew, true);
});

Deno.test("remove() leaves the other connection of an address", () => {
  for (const removed of [0, 1]) {
    const [clients, both] = [table(), [conn(true), conn(false)]];
    both.forEach((one, i) => clients.begin("a", one, hello(i)));
    assertEquals(clients.remove("a", both[removed]!)?.random[0], removed);
    assertEquals(clients.get("a")!.conn === both[1 - removed], true);
    assertEquals(clients.remove("a", both[removed]!), null);
    clients.remove("a", both[1 - removed]!);
    assertEquals(clients.size, 0);
  }
});

Deno.test("ownerOf() tells a hello that comes again from a new beginning", () => {
  const [clients, old, anew] = [table(), conn(true), conn(false)];
  clients.begin("a", old, hello(1));
  clients.begin("a", anew, hello(2));
  const entry = clients.get("a")!;
  assertEquals(ownerOf(entry, hello(1)) === old, true);
  assertEquals(ownerOf(entry, hello(2)) === anew, true);
  assertEquals(ownerOf(entry, hello(3)), null);
});
