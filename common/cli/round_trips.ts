/**
 * Round trips of a handshake in words: how many there are, and what the client waits for.
 *
 * @module
 */
import { type Flight, roundTripsOf } from "../measure/handshake_flights.ts";
import type { HandshakeFacts } from "./message_purpose.ts";

/** "3 round trips"; on TLS "1 round trip + 1 of TCP's connect", which has passed before. */
export function sayRoundTrips(flights: readonly Flight[]): string {
  const count = roundTripsOf(flights);
  const trips = `${count} ${count === 1 ? "round trip" : "round trips"}`;
  return overDatagrams(flights) ? trips : `${trips} + 1 of TCP's connect`;
}

/** Whether they are of DTLS. */
export function overDatagrams(flights: readonly Flight[]): boolean {
  return (flights[0]?.messages[0]?.epoch ?? null) !== null;
}

/** What the client waits for that a flight of the server's brings, in at most 56 characters. */
export function awaitedIn(
  { messages }: Pick<Flight, "messages">,
  { is13, resumed }: Pick<HandshakeFacts, "is13" | "resumed">,
): string {
  const has = (wanted: string) => messages.some(({ name }) => name === wanted);
  if (has("HelloVerifyRequest")) return "the cookie, to show that it is where it says";
  if (has("HelloRetryRequest")) return "the server's choice of a key share";
  if (is13 && has("ServerHello")) {
    return `the server's key share: ${resumed ? "new keys need it" : "no keys without it"}`;
  }
  if (has("Finished")) return "the server's Finished: that nobody changed anything";
  if (has("ServerKeyExchange")) return "the server's choice and its key share";
  return has("ServerHello") ? "the server's choice" : "the server's answer";
}
