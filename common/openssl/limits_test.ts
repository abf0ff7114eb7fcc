import { assertEquals } from "../testing/assert.ts";
import { SessionLimits } from "./limits.ts";

Deno.test("admits() refuses, and counts it, where there are too many in all", () => {
  const limits = new SessionLimits({ maxSessions: 2 });
  limits.enter("a");
  limits.enter("b");
  assertEquals([limits.admits("c"), limits.admits("a")], [false, false]);
  assertEquals([limits.counters.sessions, limits.counters.refused], [2, 2]);
});

Deno.test("admits() refuses where there are too many from one address", () => {
  const limits = new SessionLimits({ maxSessionsPerAddress: 2 });
  limits.enter("a");
  limits.enter("a");
  assertEquals([limits.admits("a"), limits.admits("b")], [false, true]);
});

Deno.test("admits() takes nothing: only enter() does", () => {
  const limits = new SessionLimits({ maxSessions: 1 });
  assertEquals([limits.admits("a"), limits.admits("a")], [true, true]);
});

Deno.test("leave() gives the place back, once", () => {
  const limits = new SessionLimits({ maxSessions: 2, maxSessionsPerAddress: 1 });
  const tickets = [limits.enter("a"), limits.enter("b")];
  tickets[0]!.leave();
  tickets[0]!.leave();
  assertEquals(limits.counters.sessions, 1);
  assertEquals([limits.admits("a"), limits.admits("b")], [true, false]);
});

Deno.test("leave() gives back one of several places of an address", () => {
  const limits = new SessionLimits({ maxSessionsPerAddress: 2 });
  const tickets = [limits.enter("a"), limits.enter("a")];
  tickets[0]!.leave();
  limits.enter("a");
  assertEquals(limits.admits("a"), false);
});

Deno.test("SessionLimits() takes 10000 sessions where nothing else is said", () => {
  const limits = new SessionLimits({});
  for (let i = 0; i < 10_000; i++) limits.enter("a");
  assertEquals(limits.admits("b"), false);
});
