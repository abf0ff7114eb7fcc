/**
 * A traced handshake in flights and round trips.
 *
 * @module
 */
import type { HandshakeMessage } from "../model/handshake_message.ts";
import type { Role } from "../model/protocol.ts";

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
