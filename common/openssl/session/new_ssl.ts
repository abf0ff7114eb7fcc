/**
 * An SSL of a context, between two memory BIOs.
 *
 * @module
 */
import { SSL_CTRL } from "../constants.ts";
import type { TlsContext } from "../context.ts";
import { takeError } from "../errors.ts";
import { MemoryBio } from "../memory_bio.ts";

/** An SSL, which SSL_free(3) frees together with its BIOs. */
export interface NewSsl {
  readonly ssl: Deno.PointerObject;
  /** What it reads from. */
  readonly input: Deno.PointerObject;
  /** What it writes to. */
  readonly output: Deno.PointerObject;
}

/**
 * Makes an SSL that is about to begin its handshake; the caller frees it.
 *
 * @param mtu DTLS: longest UDP payload of the handshake in bytes
 * @throws {TypeError} where the context is closed
 */
export function newSsl(context: TlsContext, mtu: number): NewSsl {
  const { lib, role, datagram, timer } = context;
  lib.ERR_clear_error();
  using reading = new MemoryBio(lib);
  using writing = new MemoryBio(lib);
  const ssl = lib.SSL_new(context.pointer);
  if (ssl === null) throw takeError(lib, "make a TLS session");
  const [input, output] = [reading.giveAway(), writing.giveAway()];
  lib.SSL_set_bio(ssl, input, output);
  if (datagram) lib.SSL_ctrl(ssl, SSL_CTRL.SET_MTU, BigInt(mtu), null);
  if (timer !== null) lib.DTLS_set_timer_cb(ssl, timer);
  if (role === "client") lib.SSL_set_connect_state(ssl);
  else lib.SSL_set_accept_state(ssl);
  return { ssl, input, output };
}
