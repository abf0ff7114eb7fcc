/**
 * A traced handshake in flights and round trips.
 *
 * @module
 */
import type { HandshakeMessage } from "../model/handshake_message.ts";
import type { HandshakeCounts, Role } from "../model/protocol.ts";

/** A message as both ends see it. */
export interface FlightMessage extends HandshakeMessage {
  fromClient: boolean;
  /** Whether it is there only because the client shows a certificate, too. */
  isMutual: boolean;
}

/** Messages that one end sends without waiting for the other. */
export interface Flight {
  fromClient: boolean;
  messages: FlightMessage[];
  /** The round trip that it ends, from 1; null where it ends none of the handshake's. */
  roundTrip: number | null;
  /** Whether it comes after the first application data: it holds nothing up. */
  isLater: boolean;
}

/** Messages that mutual authentication adds: RFC 8446 4.3.2 and 4.4, RFC 5246 7.4. */
function isMutual(name: string, fromClient: boolean): boolean {
  return fromClient
    ? name === "Certificate" || name === "CertificateVerify"
    : name === "CertificateRequest";
}

/**
 * Cuts a handshake into flights. What is sent again begins none by itself and ends no round trip, and
 * neither do tickets alone, which the client does not wait for.
 *
 * @param role whose trace it is
 */
export function flightsOf(events: readonly HandshakeMessage[], role: Role): Flight[] {
  const flights: Flight[] = [];
  let roundTrips = 0;
  let isLater = false;
  for (const event of events) {
    const fromClient = (role === "client") === (event.direction === "sent");
    isLater ||= event.kind === "application_data";
    const message = { ...event, fromClient, isMutual: isMutual(event.name, fromClient) };
    let flight = flights.at(-1);
    if (!flight || flight.fromClient !== fromClient || flight.isLater !== isLater) {
      flight = { fromClient, messages: [], roundTrip: null, isLater };
      flights.push(flight);
    }
    flight.messages.push(message);
    const isAnswer = !fromClient && flights.length > 1 && !isLater && !event.retransmission &&
      event.kind !== "alert" && event.name !== "NewSessionTicket";
    if (isAnswer) flight.roundTrip ??= ++roundTrips;
  }
  return flights;
}

/** How many round trips pass before the client can send data; those that loss adds not counted. */
export function roundTripsOf(flights: readonly Flight[]): number {
  return flights.filter(({ roundTrip }) => roundTrip !== null).length;
}

/** Bytes of a flight's messages, without the headers of their records. */
export function bytesOf({ messages }: Pick<Flight, "messages">): number {
  return messages.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * The flight after which the client can send data: both ends have said that they are through.
 *
 * @returns its place; -1 where the handshake is not complete
 */
export function openingFlight(flights: readonly Flight[]): number {
  const messages = flights.flatMap(({ messages }) => messages);
  if (messages.some(({ kind, name }) => kind === "alert" && name !== "close_notify")) return -1;
  const through = [true, false].map((client) =>
    flights.findIndex(({ fromClient, isLater, messages }) =>
      !isLater && fromClient === client && messages.some(({ name }) => name === "Finished")
    )
  );
  return through.includes(-1) ? -1 : Math.max(...through);
}

/** Microseconds from the first message until the client can send data; null where it never can. */
export function openingUs(flights: readonly Flight[]): number | null {
  return flights[openingFlight(flights)]?.messages.find(({ name }) => name === "Finished")?.us ??
    null;
}

/**
 * DTLS: how many datagrams each flight took, as far as their sum tells: a flight takes at least one,
 * one unless several messages or parts are in it, and of one flight alone the rest is known.
 *
 * @param counts of this handshake
 * @param role whose they are
 * @returns null for a flight of which it is not known
 */
export function datagramsOf(
  flights: readonly Flight[],
  counts: Pick<HandshakeCounts, "datagramsSent" | "datagramsReceived">,
  role: Role,
): (number | null)[] {
  const known: (number | null)[] = flights.map(() => null);
  const all = flights.flatMap(({ messages }) => messages);
  if (all.some(({ retransmission }) => retransmission)) return known;
  // A server's counts begin after the cookie: before it a datagram went each way.
  const asksForCookie = all.some(({ name }) => name === "HelloVerifyRequest");
  const before = role === "server" && asksForCookie ? 1 : 0;
  for (const client of [true, false]) {
    const own = flights.flatMap(({ fromClient, isLater }, i) =>
      fromClient === client && !isLater ? [i] : []
    );
    const isOwn = client === (role === "client");
    const sum = before + (isOwn ? counts.datagramsSent : counts.datagramsReceived);
    const open = own.filter((i) => flights[i]!.messages.length > 1);
    const rest = sum - (own.length - open.length);
    if (rest < open.length) continue;
    for (const i of own) if (!open.includes(i)) known[i] = 1;
    if (open.length === 1 || rest === open.length) {
      for (const i of open) known[i] = rest / open.length;
    }
  }
  return known;
}
