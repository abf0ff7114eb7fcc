import { assertEquals } from "../../testing/assert.ts";
import { loadOpenSsl } from "./library.ts";
import { MemoryBio } from "./memory_bio.ts";

const lib = loadOpenSsl();

Deno.test("an empty MemoryBio says that nothing is there yet, not that it is the end", () => {
  using bio = new MemoryBio(lib);
  const into = new Uint8Array(8);
  // 0 would be the end: BIO_read(3).
  assertEquals(lib.BIO_read(bio.pointer, into, into.length), -1);
  lib.BIO_write(bio.pointer, Uint8Array.of(1, 2), 2);
  assertEquals(lib.BIO_read(bio.pointer, into, into.length), 2);
  assertEquals(lib.BIO_read(bio.pointer, into, into.length), -1);
});

Deno.test("a MemoryBio gives back the text it was made with", () => {
  using bio = new MemoryBio(lib, "netpairs ".repeat(1000));
  assertEquals(bio.text(), "netpairs ".repeat(1000));
  assertEquals(bio.text(), "");
});
