/**
 * The exchange of cookies, which keeps no state for a client until its cookie has come back (RFC 6347
 * 4.2.1).
 *
 * @module
 */
import { setupStep } from "../base/setup_steps.ts";
import type { TlsContext } from "../openssl/context.ts";
import { OpenSslError, takeError } from "../openssl/bindings/errors.ts";
import { helloParameters } from "../openssl/records.ts";
import { TlsSession } from "../openssl/session.ts";

/** One session answers all clients, until one of them has shown its cookie: then it is that one's. */
export class CookieExchange implements Disposable {
  readonly #context: TlsContext;
  readonly #mtu: number | undefined;
  readonly #nowMs: () => number;
  readonly #bioAddress: Deno.PointerObject;
  #listening: TlsSession | null;

  /**
   * @param nowMs any clock that does not run backwards, in milliseconds
   * @param mtu longest UDP payload of the handshakes in bytes
   */
  constructor(context: TlsContext, nowMs: () => number, mtu?: number) {
    using made = new DisposableStack();
    this.#listening = made.use(setupStep("session", () => new TlsSession(context, { mtu })));
    const bioAddress = context.lib.BIO_ADDR_new();
    if (bioAddress === null) throw takeError(context.lib, "make an address");
    made.move();
    this.#bioAddress = bioAddress;
    this.#context = context;
    this.#nowMs = nowMs;
    this.#mtu = mtu;
  }

  /** Makes the next client's session, to be called while no client waits for it. */
  prepare(): void {
    try {
      this.#next();
    } catch {
      // It is tried again for the next client.
    }
  }

  /**
   * Takes a ClientHello, and asks for its cookie where that is missing.
   *
   * @param hello borrowed for the call
   * @param key a text that stands for the client's address, and for no other
   * @param ask sends the question, borrowed for the call
   * @returns the client's session, where its cookie was good
   */
  listen(
    hello: Uint8Array<ArrayBuffer>,
    key: string,
    ask: (datagram: Uint8Array) => void,
  ): TlsSession | null {
    const session = this.#next();
    this.#context.cookies!.prepare(key, helloParameters(hello), this.#nowMs());
    try {
      const accepted = session.listen(hello, this.#bioAddress);
      session.drain(ask);
      if (!accepted) return null;
    } catch (error) {
      // What a client sends that is not verified yet ends nothing, and is too cheap to be reported.
      session.close();
      this.#listening = null;
      if (error instanceof OpenSslError) return null;
      throw error;
    }
    this.#listening = null;
    return session;
  }

  /** Frees what is its own; to be called once. */
  [Symbol.dispose](): void {
    this.#listening?.close();
    this.#context.lib.BIO_ADDR_free(this.#bioAddress);
  }

  /** The session of the client that comes next. */
  #next(): TlsSession {
    return this.#listening ??= setupStep(
      "session",
      () => new TlsSession(this.#context, { mtu: this.#mtu }),
    );
  }
}
