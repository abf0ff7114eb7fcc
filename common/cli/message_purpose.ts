/**
 * What each message of a handshake is for, in a few words.
 *
 * @module
 */
import type { FlightMessage } from "../measure/handshake_flights.ts";

/** What is known of the handshake that a message belongs to. */
export interface HandshakeFacts {
  /** Whether it is one of version 1.3. */
  is13: boolean;
  /** Whether it goes on with a session of before. */
  resumed: boolean;
  /** The message that the client's second hello answers. */
  asked: "HelloVerifyRequest" | "HelloRetryRequest" | null;
}

/** By name; where the ends differ, the client's words come first. RFC 8446 4, RFC 5246 7.4. */
const PURPOSES: Readonly<Record<string, string | readonly [client: string, server: string]>> = {
  HelloVerifyRequest: "a cookie: is the client where it says?",
  HelloRetryRequest: "asks for another key share",
  EncryptedExtensions: "other settings; encrypted from here on",
  Certificate: ["who the client is", "who the server is"],
  CertificateRequest: "asks who the client is",
  CertificateStatus: "that its certificate still holds",
  CertificateVerify: ["proof that it has the client's key", "proof that it has the server's key"],
  ServerKeyExchange: "the server's key share, signed",
  ServerHelloDone: "that is all; the client's turn",
  ClientKeyExchange: "its key share: both have the keys now",
  Finished: "a check over all that was said",
  NewSessionTicket: "to resume the session with, later",
  KeyUpdate: "new keys from here on",
  ApplicationData: ["the first message", "the first answer"],
  close_notify: "no more will be sent",
};

/** Up to version 1.2 it is a ticket or, without one, a session id. */
const RESUMES_12 = "what it can, and a session to resume";
const GOES_ON_12 = "the session goes on: no certificates";

/** What a message is for, in at most 38 characters. */
export function purposeOf(message: FlightMessage, facts: HandshakeFacts): string {
  const { is13, resumed, asked } = facts;
  const { name, kind, fromClient } = message;
  switch (name) {
    case "ClientHello":
      if (asked === "HelloVerifyRequest") return "the same, with the cookie";
      if (asked === "HelloRetryRequest") return "again, with that key share";
      if (resumed) return is13 ? "what it can, a key share, and a ticket" : RESUMES_12;
      return is13 ? "what it can, and a key share" : "what it can: versions, ciphers";
    case "ServerHello":
      if (resumed) return is13 ? "a key share; the session goes on" : GOES_ON_12;
      return is13 ? "what is chosen, and a key share" : "what is chosen: version, cipher";
    case "ChangeCipherSpec":
      return is13 ? "says nothing; old firewalls want it" : "encrypted from here on";
  }
  // A document's names may be anybody's.
  const purpose = Object.hasOwn(PURPOSES, name) ? PURPOSES[name] : undefined;
  if (purpose === undefined) return kind === "alert" ? "why it ends" : "";
  return typeof purpose === "string" ? purpose : purpose[fromClient ? 0 : 1];
}
