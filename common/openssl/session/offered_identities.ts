/**
 * Whose pre-shared keys a server's handshake is about to ask for. OpenSSL's callbacks for keys have to
 * answer at once; a program that has its keys elsewhere cannot. So what a client says of itself in the
 * clear is read before OpenSSL handles it, and the handshake waits for the program's answer.
 *
 * @module
 */
import { guarded } from "../bindings/calls.ts";
import { cString, type OpenSsl } from "../bindings/library.ts";
import { identityText, isIdentity } from "../identity.ts";
import { CLIENT_HELLO } from "../records.ts";
import { lookUpKey } from "../server_psk.ts";
import type { TlsServerSettings } from "../settings.ts";
import {
  type ClientMessage,
  datagramMessages,
  type MessageAssembler,
  numberAt,
  streamMessages,
} from "./client_messages.ts";

/** So many are asked for ahead in one handshake: a client has one, or two with a ticket. */
const MAX_IDENTITIES = 4;

/** Extension type pre_shared_key: RFC 8446 4.2. */
const PRE_SHARED_KEY = 41;

/** Of one session. */
export class OfferedIdentities {
  readonly #assembler: () => MessageAssembler;
  #messages: MessageAssembler;
  readonly #whole: ClientMessage[] = [];
  /** Those to be asked for, in the client's order. */
  #next: string[] = [];
  #left = MAX_IDENTITIES;

  /** @param datagram true for DTLS */
  constructor(datagram: boolean) {
    this.#assembler = datagram ? datagramMessages : streamMessages;
    this.#messages = this.#assembler();
  }

  /** Keeps nothing of what was taken. */
  forget(): void {
    this.#messages = this.#assembler();
    this.#whole.length = 0;
  }

  /** Takes what arrived in the clear, borrowed for the call. */
  take(bytes: Uint8Array): void {
    if (this.#left > 0) this.#whole.push(...this.#messages(bytes));
  }

  /**
   * Asks the program for the keys, within a call of the session's: one after the other until one is
   * known, as OpenSSL does.
   *
   * @returns "later" where the program has promised one: ask again when it is there
   */
  ask(
    lib: OpenSsl,
    ssl: Deno.PointerObject,
    lookUp: NonNullable<TlsServerSettings["pskLookup"]>,
  ): "now" | "later" {
    for (const message of this.#whole.splice(0)) {
      this.#next = identitiesIn(lib, ssl, message).filter(isIdentity).slice(0, this.#left)
        .map(identityText);
      this.#left -= this.#next.length;
    }
    for (const identity of this.#next) {
      const key = guarded(lib, "pskLookup", null, () => lookUpKey(lookUp, identity));
      if (key === "later") return "later";
      if (key !== null) break;
    }
    this.#next = [];
    return "now";
  }
}

function identitiesIn(
  lib: OpenSsl,
  ssl: Deno.PointerObject,
  { type, body }: ClientMessage,
): Uint8Array[] {
  if (type === CLIENT_HELLO) return identitiesInHello(body);
  const cipher = cString(lib.SSL_CIPHER_get_name(lib.SSL_get_pending_cipher(ssl))) ?? "";
  // Of all suites with such keys it is the first thing: RFC 4279 2 to 4, RFC 5489 2.
  return cipher.includes("PSK") ? [body.subarray(2, 2 + numberAt(body, 0, 2))] : [];
}

/** Those of the extension that stands last in a ClientHello: RFC 8446 4.1.2 and 4.2.11. */
export function identitiesInHello(body: Uint8Array): Uint8Array[] {
  const sessionAt = 34;
  const suitesAt = sessionAt + 1 + numberAt(body, sessionAt, 1);
  const methodsAt = suitesAt + 2 + numberAt(body, suitesAt, 2);
  const extensionsAt = methodsAt + 1 + numberAt(body, methodsAt, 1);
  for (let at = extensionsAt + 2; at + 4 <= body.length;) {
    const end = at + 4 + numberAt(body, at + 2, 2);
    if (numberAt(body, at, 2) === PRE_SHARED_KEY) return identitiesOf(body.subarray(at + 4, end));
    at = end;
  }
  return [];
}

/** Each has 4 bytes of a ticket's age after it. */
function identitiesOf(extension: Uint8Array): Uint8Array[] {
  const end = Math.min(2 + numberAt(extension, 0, 2), extension.length);
  const identities: Uint8Array[] = [];
  for (let at = 2; at < end;) {
    const after = at + 2 + numberAt(extension, at, 2);
    if (after + 4 > end) break;
    identities.push(extension.subarray(at + 2, after));
    at = after + 4;
  }
  return identities;
}
