import { assertEquals, assertThrows } from "../testing/assert.ts";
import { SessionLimits, tell } from "./limits.ts";

const ADDRESS: Deno.NetAddr = { transport: "udp", hostname: "192.0.2.1", port: 7 };

Deno.test("admits() refuses, and counts it, where there are too many in all", () => {
  const limits = new SessionLimits({ port: 0, maxSessions: 2 });
  limits.enter("a");
  limits.enter("b");
  assertEquals([limits.admits("c"), limits.admits("a")], [false, false]);
  assertEquals([limits.counters.sessions, limits.counters.refused], [2, 2]);
});

Deno.test("admits() refuses where there are too many from one address", () => {
  const limits = new SessionLimits({ port: 0, maxSessionsPerAddress: 2 });
  limits.enter("a");
  limits.enter("a");
  assertEquals([limits.admits("a"), limits.admits("b")], [false, true]);
});

Deno.test("admits() takes nothing: only enter() does", () => {
  const limits = new SessionLimits({ port: 0, maxSessions: 1 });
  assertEquals([limits.admits("a"), limits.admits("a")], [true, true]);
});

Deno.test("leave() gives the place back, once", () => {
  const limits = new SessionLimits({ port: 0, maxSessions: 2, maxSessionsPerAddress: 1 });
  const tickets = [limits.enter("a"), limits.enter("b")];
  tickets[0]!.leave();
  tickets[0]!.leave();
  assertEquals(limits.counters.sessions, 1);
  assertEquals([limits.admits("a"), limits.admits("b")], [true, false]);
});

Deno.test("leave() gives back one of several places of an address", () => {
  const limits = new SessionLimits({ port: 0, maxSessionsPerAddress: 2 });
  const tickets = [limits.enter("a"), limits.enter("a")];
  tickets[0]!.leave();
  limits.enter("a");
  assertEquals(limits.admits("a"), false);
});

Deno.test("SessionLimits() takes 10000 sessions where nothing else is said", () => {
  const limits = new SessionLimits({ port: 0 });
  for (let i = 0; i < 10_000; i++) limits.enter("a");
  assertEquals(limits.admits("b"), false);
});

for (const wrong of [0, -1, 0.5, NaN, Infinity]) {
  for (const name of ["maxSessions", "maxSessionsPerAddress"]) {
    Deno.test(`SessionLimits() refuses ${name} ${wrong}`, () => {
      const words = `Cannot limit sessions to ${wrong}: a whole number from 1 is wanted`;
      assertThrows(() => new SessionLimits({ port: 0, [name]: wrong }), RangeError, words);
    });
  }
}

Deno.test("tell() hands over what there is", () => {
  const told: unknown[] = [];
  tell((...both) => told.push(both), "why", ADDRESS);
  tell(undefined, "why", ADDRESS);
  assertEquals(told, [["why", ADDRESS]]);
});

Deno.test("tell() reports what the program's function throws", () => {
  const reported: unknown[] = [];
  const onReport = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error);
  };
  addEventListener("error", onReport);
  const thrown = new Error("own");
  tell(
    () => {
      throw thrown;
    },
    "why",
    ADDRESS,
  );
  removeEventListener("error", onReport);
  assertEquals(reported, [thrown]);
});
