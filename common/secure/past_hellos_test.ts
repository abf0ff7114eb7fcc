import { COOKIE_LIFETIME_MS } from "../openssl/cookies.ts";
import { assertEquals } from "../testing/assert.ts";
import { PastHellos } from "./past_hellos.ts";

/** A ClientHello's random stands behind 13 bytes of record, 12 of message and 2 of version. */
const RANDOM_AT = 27;

const ALERT = Uint8Array.of(21);

function random(first: number): Uint8Array {
  return new Uint8Array(32).fill(first);
}

function hello(first: number): Uint8Array {
  const bytes = new Uint8Array(100);
  bytes.set(random(first), RANDOM_AT);
  return bytes;
}

Deno.test("find() knows the last hello of an address, with its answer", () => {
  const past = new PastHellos(() => 0);
  past.remember("a", random(1), ALERT);
  past.remember("b", random(1), null);
  assertEquals(past.find("a", hello(1))?.answer, ALERT);
  assertEquals(past.find("b", hello(1))?.answer, null);
  assertEquals(past.find("c", hello(1)), null);
});

Deno.test("find() takes another hello of an address for a new beginning", () => {
  const past = new PastHellos(() => 0);
  past.remember("a", random(1), ALERT);
  assertEquals(past.find("a", hello(2)), null);
  assertEquals(past.find("a", hello(1)), null);
});

Deno.test("find() forgets a hello whose cookie is good no more", () => {
  let nowMs = 0;
  const past = new PastHellos(() => nowMs);
  past.remember("a", random(1), ALERT);
  nowMs = 2 * COOKIE_LIFETIME_MS - 1;
  assertEquals(past.find("a", hello(1))?.answer, ALERT);
  nowMs++;
  assertEquals(past.find("a", hello(1)), null);
});

Deno.test("remember() forgets the oldest of more than 4096", () => {
  const past = new PastHellos(() => 0);
  for (let i = 0; i <= 4096; i++) past.remember(`${i}`, random(1), ALERT);
  assertEquals(past.find("0", hello(1)), null);
  assertEquals(past.find("1", hello(1))?.answer, ALERT);
});
