import { assert, assertEquals } from "../../testing/assert.ts";
import { TlsContext } from "../context.ts";
import { HandshakeCounters } from "./handshake_counters.ts";
import { SessionInput } from "./input.ts";
import { SessionSsl } from "./ssl.ts";

/** BIO_get_mem_ptr(3): the command, and where BUF_MEM (openssl/buffer.h) says how much it has. */
const BIO_C_GET_BUF_MEM_PTR = 115;
const BUF_MEM_MAX_AT = 16;

/** A session's input, and the BIO that it has at the moment. */
class Bench implements Disposable {
  readonly #context = new TlsContext({ role: "client", datagram: false });
  readonly #ssl = new SessionSsl(this.#context, 1400);
  readonly #lib = {
    ...this.#context.lib,
    SSL_set0_rbio: (ssl: Deno.PointerValue, bio: Deno.PointerValue) => {
      this.bio = bio!;
      this.#context.lib.SSL_set0_rbio(ssl, bio);
    },
  };
  readonly #parts = { lib: this.#lib, role: "client", datagram: false, pskLookup: null };
  readonly #into = new Uint8Array(65_536);
  bio = this.#ssl.input;
  readonly input = new SessionInput(
    this.#parts as unknown as TlsContext,
    this.bio,
    new HandshakeCounters(),
  );

  /** So many bytes of a stream. */
  feed(length: number): void {
    this.input.feed(this.#ssl.pointer, new Uint8Array(length).fill(7));
  }

  read(): number {
    return Math.max(this.#lib.BIO_read(this.bio, this.#into, this.#into.length), 0);
  }

  allRead(): void {
    this.input.allRead(this.#ssl.pointer);
  }

  /** How much memory the BIO has. */
  get bytes(): number {
    const found = new BigUint64Array(1);
    const pointer = Deno.UnsafePointer.of(found);
    this.#lib.BIO_ctrl(this.bio, BIO_C_GET_BUF_MEM_PTR, 0n, pointer);
    const memory = Deno.UnsafePointer.create(found[0]!)!;
    return Number(new Deno.UnsafePointerView(memory).getBigUint64(BUF_MEM_MAX_AT));
  }

  [Symbol.dispose](): void {
    this.#ssl.close();
    this.#context.close();
  }
}

Deno.test("a session keeps no memory for bytes that were longer than a record", () => {
  using bench = new Bench();
  bench.feed(60_000);
  assert(bench.bytes >= 60_000);
  assertEquals(bench.read(), 60_000);
  bench.allRead();
  assertEquals(bench.bytes, 0);
  bench.feed(100);
  assertEquals(bench.read(), 100);
});

Deno.test("a session keeps the memory of records for the next ones", () => {
  using bench = new Bench();
  const { bio } = bench;
  for (let i = 0; i < 2; i++) {
    bench.feed(16_384 + 13);
    assertEquals(bench.read(), 16_384 + 13);
    bench.allRead();
  }
  assertEquals(bench.bio, bio);
});

Deno.test("a session keeps what OpenSSL has not read of many bytes", () => {
  using bench = new Bench();
  bench.feed(60_000);
  bench.allRead();
  assertEquals(bench.read(), 60_000);
});
