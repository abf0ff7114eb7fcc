import type { HandshakeMessage } from "../model/handshake_message.ts";
import { assertEquals } from "../testing/assert.ts";
import { datagramsOf, flightsOf, openingFlight, openingUs } from "./handshake_flights.ts";

/** A client's trace: names, those that it has received after "<". */
function events(names: string): HandshakeMessage[] {
  return names.split(" ").map((name, i) => ({
    us: i * 10,
    direction: name.startsWith("<") ? "received" : "sent",
    kind: name.endsWith("ChangeCipherSpec")
      ? "change_cipher_spec"
      : /^<?[a-z]/.test(name)
      ? "alert"
      : "handshake",
    name: name.replace("<", ""),
    bytes: 100,
    epoch: 0,
    messageSeq: i,
    fragment: [0, 88],
    retransmission: false,
  }));
}

const FULL = "ClientHello <HelloVerifyRequest ClientHello <ServerHello <ServerHelloDone " +
  "ClientKeyExchange ChangeCipherSpec Finished <ChangeCipherSpec <Finished";
const RESUMED = "ClientHello <ServerHello <Finished ChangeCipherSpec Finished";

/** What is known of flights for these totals at the client. */
function datagrams(names: string, datagramsSent: number, datagramsReceived: number) {
  const flights = flightsOf(events(names), "client");
  return datagramsOf(flights, { datagramsSent, datagramsReceived }, "client");
}

Deno.test("datagramsOf() tells what follows from the sums, and nothing else", () => {
  assertEquals(datagrams(FULL, 3, 3), [1, 1, 1, 1, 1, 1]);
  // The client's flights but one are a message each; of the server's two it is not known.
  assertEquals(datagrams(FULL, 5, 4), [1, 1, 1, null, 3, null]);
  assertEquals(datagrams(FULL, 2, 3), [null, 1, null, 1, null, 1], "too few: another handshake's");
  const again = events(FULL).map((event) => ({ ...event, retransmission: true }));
  const counts = { datagramsSent: 3, datagramsReceived: 3 };
  assertEquals(datagramsOf(flightsOf(again, "client"), counts, "client")[0], null);
  const server = flightsOf(
    events(FULL).map((event) => ({
      ...event,
      direction: event.direction === "sent" ? "received" : "sent",
    })),
    "server",
  );
  const seen = datagramsOf(server, { datagramsSent: 3, datagramsReceived: 4 }, "server");
  assertEquals(seen, [1, 1, 1, null, 3, null]);
});

Deno.test("openingFlight() is the one after which the client can send data", () => {
  const opening = (names: string) => {
    const flights = flightsOf(events(names), "client");
    return [openingFlight(flights), openingUs(flights)];
  };
  assertEquals(opening(FULL), [5, 90]);
  assertEquals(opening(RESUMED), [2, 40]);
  assertEquals(opening("ClientHello <ServerHello <Finished"), [-1, null]);
  assertEquals(opening(`${FULL} <bad_certificate`), [-1, null]);
});
