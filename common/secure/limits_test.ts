import { assertEquals } from "../testing/assert.ts";
import { SessionLimits, type Slot } from "./limits.ts";

/** One more established session. */
function entered(limits: SessionLimits, hostname: string): Slot {
  const slot = limits.enter(hostname, () => {});
  slot.established();
  return slot;
}

Deno.test("admits() refuses, and counts it, where there are too many in all", () => {
  const limits = new SessionLimits({ maxSessions: 2 });
  entered(limits, "a");
  entered(limits, "b");
  assertEquals([limits.admits("c"), limits.admits("a")], [false, false]);
  assertEquals([limits.counters.sessions, limits.counters.refused], [2, 2]);
});

Deno.test("admits() refuses where there are too many from one address", () => {
  const limits = new SessionLimits({ maxSessionsPerAddress: 2 });
  entered(limits, "a");
  entered(limits, "a");
  assertEquals([limits.admits("a"), limits.admits("b")], [false, true]);
});

Deno.test("admits() takes nothing: only enter() does", () => {
  const limits = new SessionLimits({ maxSessions: 1 });
  assertEquals([limits.admits("a"), limits.admits("a")], [true, true]);
});

Deno.test("leave() gives the place back, once", () => {
  const limits = new SessionLimits({ maxSessions: 2, maxSessionsPerAddress: 1 });
  const tickets = [entered(limits, "a"), entered(limits, "b")];
  tickets[0]!.leave();
  tickets[0]!.leave();
  assertEquals(limits.counters.sessions, 1);
  assertEquals([limits.admits("a"), limits.admits("b")], [true, false]);
});

Deno.test("leave() gives back one of several places of an address", () => {
  const limits = new SessionLimits({ maxSessionsPerAddress: 2 });
  const tickets = [entered(limits, "a"), entered(limits, "a")];
  tickets[0]!.leave();
  entered(limits, "a");
  assertEquals(limits.admits("a"), false);
});

Deno.test("SessionLimits() takes 10000 sessions where nothing else is said", () => {
  const limits = new SessionLimits({});
  for (let i = 0; i < 10_000; i++) entered(limits, "a");
  assertEquals(limits.admits("b"), false);
});

/** Handshakes that begin, and the names of those that have given way. */
class Handshakes {
  readonly gone: string[] = [];
  readonly tickets = new Map<string, Slot>();
  readonly #limits: SessionLimits;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  begin(name: string, hostname = "192.0.2.1"): void {
    this.tickets.set(name, this.#limits.enter(hostname, () => this.gone.push(name)));
  }
}

Deno.test("enter() lets the oldest handshake give way where there are too many", () => {
  const limits = new SessionLimits({ maxHandshakes: 2 });
  const all = new Handshakes(limits);
  for (const name of ["a", "b", "c", "d"]) all.begin(name);
  assertEquals(all.gone, ["a", "b"]);
  assertEquals([limits.counters.sessions, limits.counters.displaced], [2, 2]);
});

Deno.test("enter() lets an address with too many handshakes lose its own alone", () => {
  const limits = new SessionLimits({ maxHandshakes: 100, maxHandshakesPerAddress: 2 });
  const all = new Handshakes(limits);
  all.begin("other", "192.0.2.2");
  for (const name of ["a", "b", "c"]) all.begin(name);
  assertEquals(all.gone, ["a"]);
});

Deno.test("enter() takes an IPv6 network of 64 bits for one address", () => {
  const limits = new SessionLimits({ maxHandshakesPerAddress: 1 });
  const all = new Handshakes(limits);
  all.begin("a", "2001:db8::1");
  all.begin("b", "2001:db8:0:1::1");
  all.begin("c", "2001:db8::ffff:1");
  all.begin("d", "fe80::1%eth0");
  assertEquals(all.gone, ["a"]);
});

Deno.test("enter() tells IPv4 addresses apart where a socket for IPv6 has them", () => {
  const limits = new SessionLimits({ maxHandshakesPerAddress: 1 });
  const all = new Handshakes(limits);
  all.begin("a", "::ffff:192.0.2.1");
  all.begin("b", "::ffff:192.0.2.2");
  all.begin("c", "0:0:0:0:0:ffff:c000:201");
  all.begin("d", "192.0.2.2");
  assertEquals(all.gone, ["a", "b"]);
});

Deno.test("enter() tells IPv4 addresses apart that a translator has made IPv6 of", () => {
  const limits = new SessionLimits({ maxHandshakesPerAddress: 1 });
  const all = new Handshakes(limits);
  all.begin("a", "64:ff9b::192.0.2.1");
  all.begin("b", "64:ff9b::c000:202");
  all.begin("c", "64:ff9b:1::c000:201");
  all.begin("d", "64:ff9b:1::c000:202");
  all.begin("e", "64:ff9b::c000:201");
  assertEquals(all.gone, ["a"]);
});

Deno.test("admits() takes an IPv6 network of 64 bits for one address, and an IPv4 one by itself", () => {
  const limits = new SessionLimits({ maxSessionsPerAddress: 1 });
  for (const hostname of ["2001:db8::1", "::ffff:192.0.2.1"]) entered(limits, hostname);
  const places = ["2001:db8::2", "2001:db8:0:1::2", "::ffff:192.0.2.1", "::ffff:192.0.2.2"];
  assertEquals(places.map((hostname) => limits.admits(hostname)), [false, true, false, true]);
});

Deno.test("established() takes a handshake out of those that may give way", () => {
  const limits = new SessionLimits({ maxHandshakes: 1 });
  const all = new Handshakes(limits);
  all.begin("a");
  assertEquals(all.tickets.get("a")!.established(), true);
  all.begin("b");
  all.begin("c");
  assertEquals(all.gone, ["b"]);
  assertEquals(limits.counters.sessions, 2);
});

Deno.test("established() says where there are too many sessions by now", () => {
  const limits = new SessionLimits({ maxSessions: 1 });
  const [first, second] = [limits.enter("a", () => {}), limits.enter("b", () => {})];
  assertEquals([first.established(), second.established()], [true, false]);
  second.leave();
  first.leave();
  assertEquals(limits.counters.sessions, 0);
  assertEquals(entered(limits, "b").established(), true);
});

Deno.test("established() takes the place of the session that ends for it", () => {
  const limits = new SessionLimits({ maxSessions: 1 });
  const old = entered(limits, "a");
  const anew = limits.enter("a", () => {});
  assertEquals(anew.established(true), true);
  old.leave();
  assertEquals([limits.counters.sessions, limits.admits("b")], [1, false]);
  anew.leave();
  assertEquals([limits.counters.sessions, limits.admits("b")], [0, true]);
});
