import { assert, assertEquals } from "../../testing/assert.ts";
import { connectedNet } from "../../testing/memory_net.ts";
import { giveBackOutput, keepOutput } from "./output.ts";

Deno.test("keepOutput() keeps what a drain hands over, whatever is drained next", async () => {
  using net = await connectedNet({ datagram: false });
  const session = net.client.session!;
  const kept: [Uint8Array, Uint8Array, NonNullable<ReturnType<typeof keepOutput>>][] = [];
  for (let i = 0; i < 3; i++) {
    session.write(new Uint8Array(20_000));
    session.drain((bytes) => {
      const memory = keepOutput(bytes);
      assert(memory);
      kept.push([bytes, bytes.slice(), memory]);
    });
  }
  assertEquals(kept.length, 3);
  for (const [bytes, copy, memory] of kept) {
    assertEquals(bytes, copy);
    giveBackOutput(memory);
  }
});

Deno.test("keepOutput() keeps nothing that is not a drain's", async () => {
  using net = await connectedNet({ datagram: false });
  assertEquals(keepOutput(new Uint8Array(5)), null);
  net.client.session!.write(new Uint8Array(5));
  let twice: unknown[] = [];
  net.client.session!.drain((bytes) => {
    const memory = keepOutput(bytes)!;
    twice = [keepOutput(bytes)];
    giveBackOutput(memory);
  });
  assertEquals(twice, [null]);
});
