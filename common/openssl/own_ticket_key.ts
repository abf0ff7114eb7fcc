/**
 * The key that a server's tickets are sealed with, where a program has none: it is renewed, as who has it
 * reads what was resumed with its tickets up to version 1.2 (RFC 9325 3.4).
 *
 * @module
 */
import { SSL_CTRL } from "./bindings/constants.ts";
import { takeError } from "./bindings/errors.ts";
import type { ContextTarget } from "./context_target.ts";
import { TICKET_KEY_BYTES } from "./ticket_keys.ts";

/** So long a key seals, in milliseconds, where sessions can not be resumed for longer: a day. */
const PERIOD_MS = 24 * 60 * 60 * 1000;

/** Of one context: SSL_CTX_set_tlsext_ticket_keys(3). OpenSSL has made the first one. */
export class OwnTicketKey {
  readonly #target: ContextTarget;
  readonly #periodMs: number;
  #madeMs = performance.now();

  /** @param sessionTimeoutSeconds so long a session can be resumed, where that is said */
  constructor(target: ContextTarget, sessionTimeoutSeconds = 0) {
    this.#target = target;
    this.#periodMs = Math.max(PERIOD_MS, sessionTimeoutSeconds * 1000);
  }

  /**
   * Makes a new one where the time of the old one is over, which nobody has then any more: its tickets
   * lead to a full handshake.
   */
  renew(): void {
    const nowMs = performance.now();
    if (nowMs - this.#madeMs < this.#periodMs) return;
    this.#madeMs = nowMs;
    const { lib, ctx } = this.#target;
    const key = crypto.getRandomValues(new Uint8Array(TICKET_KEY_BYTES));
    const { SET_TLSEXT_TICKET_KEYS } = SSL_CTRL;
    const length = BigInt(TICKET_KEY_BYTES);
    const isSet = lib.SSL_CTX_ctrl(ctx, SET_TLSEXT_TICKET_KEYS, length, Deno.UnsafePointer.of(key));
    key.fill(0);
    if (isSet !== 1n) throw takeError(lib, "make a key for tickets");
  }
}
