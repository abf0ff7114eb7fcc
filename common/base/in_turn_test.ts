import { RunError } from "./errors.ts";
import { connectInTurn, isUnreachable } from "./in_turn.ts";
import { assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Opens the addresses that are none of an error's name. */
function open(address: string): string {
  if (/^[A-Z]+$/.test(address)) throw failure(address);
  return `open ${address}`;
}

const openLater = (address: string) => Promise.resolve().then(() => open(address));

Deno.test("connectInTurn() keeps to the first address that can be reached", () => {
  const addresses = ["ECONNREFUSED", "ENETUNREACH", "a", "b"];
  assertEquals(connectInTurn(addresses, open), "open a");
  assertEquals(addresses, ["a"]);
});

Deno.test("connectInTurn() does the same where connecting takes time", async () => {
  const addresses = ["EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "a", "b"];
  assertEquals(await connectInTurn(addresses, openLater), "open a");
  assertEquals(addresses, ["a"]);
});

Deno.test("connectInTurn() serves several clients of a run at once", async () => {
  const addresses = ["ECONNREFUSED", "a", "b"];
  const opened = [1, 2].map(() => connectInTurn(addresses, openLater));
  assertEquals(await Promise.all(opened), ["open a", "open a"]);
  assertEquals(addresses, ["a"]);
});

Deno.test("connectInTurn() tries no other address after any other failure", async () => {
  for (const addresses of [["EACCES", "a"], ["ECONNREFUSED", "ETIMEDOUT", "a"]]) {
    const before = [...addresses];
    const code = addresses.at(-2)!;
    assertThrows(() => connectInTurn(addresses, open), Error, code);
    await assertRejects(async () => await connectInTurn(addresses, openLater), Error, code);
    assertEquals(addresses, before);
  }
});

for (
  const addresses of [
    ["ECONNREFUSED", "ENETUNREACH"],
    ["ENETUNREACH", "ECONNREFUSED"],
    ["ENETUNREACH", "ECONNREFUSED", "EADDRNOTAVAIL"],
  ]
) {
  Deno.test(`connectInTurn() names the refusal among ${addresses.join(", ")}`, async () => {
    assertThrows(() => connectInTurn(addresses, open), Error, "ECONNREFUSED");
    const connect = async () => await connectInTurn(addresses, openLater);
    await assertRejects(connect, Error, "ECONNREFUSED");
  });
}

Deno.test("isUnreachable() knows errors of Deno's, and by what they were caused", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener[Symbol.dispose]();
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  const refusal = await assertRejects(connect, Deno.errors.ConnectionRefused);
  assertEquals(isUnreachable(refusal), true);
  assertEquals(isUnreachable(new RunError("cannot connect", { cause: refusal })), true);
  for (const other of [null, undefined, "ECONNREFUSED", new Error("ECONNREFUSED")]) {
    assertEquals(isUnreachable(other), false);
  }
});
