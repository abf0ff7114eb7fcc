/** Memory that sockets' datagrams share. */
import { assert, assertEquals } from "../testing/assert.ts";
import { DatagramMemory } from "./datagram_memory.ts";
import { MAX_DATAGRAM_BYTES } from "./datagrams.ts";

Deno.test("DatagramMemory has room for any datagram, and no two have the same", () => {
  const all = Array.from({ length: 200 }, () => new DatagramMemory());
  for (const [i, { bytes }] of all.entries()) bytes.fill(i);
  for (const [i, { bytes }] of all.entries()) {
    assertEquals(bytes.length, MAX_DATAGRAM_BYTES);
    assertEquals([bytes[0], bytes.at(-1)], [i, i]);
  }
  for (const memory of all) memory[Symbol.dispose]();
});

Deno.test("DatagramMemory is used again, once for each time it was given back", () => {
  const first = new DatagramMemory();
  const { bytes } = first;
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using one = new DatagramMemory();
  using other = new DatagramMemory();
  assert(one.bytes === bytes);
  assert(other.bytes !== bytes);
});
