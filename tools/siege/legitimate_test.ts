import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "../../common/testing/assert.ts";
import type { Client, Connect } from "../soak/clients.ts";
import { LegitimateClients, STARVED_MS } from "./legitimate.ts";

/** A client whose messages come back, but for the first one at once only when they are let. */
function connectHeld(held: Promise<void>): Connect {
  return () => {
    let first = true;
    const client: Client = {
      async exchange() {
        if (!first) await held;
        first = false;
        return 0;
      },
      close: () => Promise.resolve(),
    };
    return Promise.resolve(client);
  };
}

Deno.test("LegitimateClients.starved() names those that had no message back for a minute", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  {
    await using clients = new LegitimateClients();
    await clients.stay(connectHeld(promise), 1, "held");
    await clients.stay(connectHeld(Promise.resolve()), 1, "served");
    const nowMs = performance.now();
    clients.take();
    while (clients.take().served === 0) await delay(1);
    assertEquals(clients.starved(nowMs + STARVED_MS), ["held"]);
    assertEquals(clients.starved(), []);
    assert(clients.lost.length === 0);
    resolve();
  }
});
