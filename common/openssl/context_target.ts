/**
 * A context while it is set up.
 *
 * @module
 */
import type { OpenSsl } from "./bindings/library.ts";

/** An SSL_CTX that is being set up. */
export interface ContextTarget {
  readonly lib: OpenSsl;
  readonly ctx: Deno.PointerObject;
  readonly datagram: boolean;
  /** The oldest and the newest version that may be agreed on, as OpenSSL numbers them. */
  readonly versions: readonly [oldest: number, newest: number];
}

/** Something that lives as long as the context whose callback it is. */
export interface Callback {
  close(): void;
}
