/**
 * The SSL of a session: how it is made, in which states it may be called, when it is freed.
 *
 * @module
 */
import { SSL_CTRL, SSL_ERROR } from "../bindings/constants.ts";
import { type CallRecord, enterCall } from "../bindings/calls.ts";
import type { TlsContext } from "../context.ts";
import { takeError } from "../bindings/errors.ts";
import type { OpenSsl } from "../bindings/library.ts";
import { MemoryBio } from "../bindings/memory_bio.ts";
import { explained } from "./handshake_errors.ts";
import { MessageTrace } from "./message_trace.ts";
import type { SessionOutput } from "./output.ts";
import { RunningCall } from "./running_call.ts";
import { hasFailed } from "./ssl_state.ts";

let live = 0;

/** For tests: how many sessions there are that have not been freed. */
export function liveSessions(): number {
  return live;
}

/** How far a session has come; "ended" when the peer was told that no more comes. */
type Phase = "handshaking" | "established" | "ended";

/**
 * Whether a session may be used. After a fatal error nothing more may be called
 * (SSL_get_error(3)); one that is closed is freed as soon as no call is on the stack.
 */
type Usability = "open" | "failed" | "closed";

/** What a call comes to that has not returned what was asked for. */
type CallOutcome = "not yet" | "ended" | "failed";

/** An SSL between two memory BIOs; `close()` frees it, and them with it. */
export class SessionSsl {
  /** It never goes back, and stays what it is when the session fails or is closed. */
  phase: Phase = "handshaking";
  /** The BIO that it reads from. */
  readonly input: Deno.PointerObject;
  /** The BIO that it writes to. */
  readonly output: Deno.PointerObject;
  /** Which of the context's sessions it is, from 1. */
  readonly number: number;
  /** True once the peer has said that it sends no more. */
  peerEnded = false;
  /** Where its messages are noted, if somebody is told of them. */
  readonly trace: MessageTrace | null = null;
  readonly #lib: OpenSsl;
  readonly #context: TlsContext;
  readonly #call = new RunningCall();
  #usability: Usability = "open";
  #pointer: Deno.PointerValue;

  /**
   * Makes one that is about to begin its handshake.
   *
   * @param mtu DTLS: longest UDP payload of the handshake in bytes
   * @throws {TypeError} where the context is closed
   */
  constructor(context: TlsContext, mtu: number) {
    const { lib, role, datagram, timer } = context;
    this.#lib = lib;
    this.#context = context;
    lib.ERR_clear_error();
    using input = new MemoryBio(lib);
    using output = new MemoryBio(lib);
    const ssl = lib.SSL_new(context.pointer);
    if (ssl === null) throw takeError(lib, "make a TLS session");
    this.#pointer = ssl;
    this.input = input.giveAway();
    this.output = output.giveAway();
    this.number = context.retain();
    const { onHandshakeMessage } = context;
    if (onHandshakeMessage) {
      this.trace = new MessageTrace(lib, datagram, onHandshakeMessage, this.number);
      this.#call.record.taker = this.trace;
    }
    live++;
    lib.SSL_set_bio(ssl, this.input, this.output);
    if (datagram) lib.SSL_ctrl(ssl, SSL_CTRL.SET_MTU, BigInt(mtu), null);
    if (timer !== null) lib.DTLS_set_timer_cb(ssl, timer);
    if (role === "client") lib.SSL_set_connect_state(ssl);
    else lib.SSL_set_accept_state(ssl);
  }

  /** What the program's functions did within its calls. */
  get calls(): CallRecord {
    return this.#call.record;
  }

  /** True until it fails or is closed. */
  get isOpen(): boolean {
    return this.#usability === "open";
  }

  /** True once it is freed: the BIOs are gone. */
  get isFreed(): boolean {
    return this.#pointer === null;
  }

  /** True within the callbacks of a call. */
  get isRunning(): boolean {
    return this.#call.isRunning;
  }

  /** True where a callback has failed, or has given the session up, in the call that is running. */
  get isRefused(): boolean {
    return this.#usability !== "open" || this.calls.failure !== null;
  }

  /** For a call that C does not call back from; throws where the session is closed. */
  get pointer(): Deno.PointerObject {
    if (this.#usability === "closed") {
      throw new TypeError("Cannot use a TLS session: it is closed");
    }
    return this.#pointer!;
  }

  /**
   * Right before a call from which C may call back.
   *
   * @throws {TypeError} where the session has failed or is closed, and within such a call
   */
  begin(): Deno.PointerObject {
    const { pointer } = this;
    if (this.#usability === "failed") {
      throw new TypeError("Cannot use a TLS session: it has failed");
    }
    this.#call.begin();
    return pointer;
  }

  /**
   * Right after a call, whether it has returned or thrown: what a callback has done counts for more.
   *
   * @throws {CallbackError} where one has failed
   * @throws {Deno.errors.BadResource} where one has closed the session
   */
  end(output: SessionOutput): void {
    this.trace?.deliver();
    const failure = this.#call.end();
    if (failure) {
      // An alert goes out; what would go on with the handshake does not.
      output.isPending = hasFailed(this.#lib, this.#pointer!);
      throw this.failed(failure);
    }
    if (this.#usability !== "closed") return;
    this.#free();
    throw new Deno.errors.BadResource("the connection is closed");
  }

  /** Why a call has returned no more than `result`. */
  #outcomeOf(ssl: Deno.PointerObject, result: number): CallOutcome {
    switch (this.#lib.SSL_get_error(ssl, result)) {
      case SSL_ERROR.WANT_READ:
      case SSL_ERROR.WANT_WRITE:
        this.#lib.queueIsEmpty = true;
        return "not yet";
      case SSL_ERROR.ZERO_RETURN:
        this.#lib.queueIsEmpty = true;
        return "ended";
      case SSL_ERROR.SYSCALL:
        // An empty DTLS record, or a fragment that OpenSSL drops as impossible, reads like this,
        // with nothing in the queue (SSL_get_error(3)); the session lives on unless it says not.
        if (this.#context.datagram && !hasFailed(this.#lib, ssl)) return "not yet";
    }
    return "failed";
  }

  /**
   * What follows from a call that has returned no more than `result`.
   *
   * @param action what has failed, where it has
   * @returns true where the session waits for the peer, false where the peer has ended it
   * @throws {OpenSslError} where it has failed
   */
  wantsMore(ssl: Deno.PointerObject, result: number, action: string): boolean {
    const outcome = this.#outcomeOf(ssl, result);
    if (outcome === "ended") this.peerEnded = true;
    if (outcome !== "failed") return outcome === "not yet";
    const { peerName, pskIdentity, hello } = this.calls;
    const error = takeError(this.#lib, action, ssl, peerName ?? undefined);
    throw this.failed(explained(this.#context, error, pskIdentity, hello));
  }

  /** After a fatal error, which it returns. */
  failed<E>(error: E): E {
    if (this.#usability === "open") this.#usability = "failed";
    return error;
  }

  /** Nothing more is to be called, and the result of a call that is running counts for nothing. */
  giveUp(): void {
    if (this.#usability === "open") this.#usability = "failed";
    this.#call.giveUp();
  }

  /** Frees it; from within a callback, when the call has returned. May be called twice. */
  close(): void {
    this.#usability = "closed";
    this.#call.giveUp();
    if (!this.#call.isRunning) this.#free();
  }

  #free(): void {
    const ssl = this.#pointer;
    if (ssl === null) return;
    // SSL_free(3) lets no session be resumed that has not been shut down, even a saved one; RFC 5246
    // 7.2.1 asks for that after a fatal error alone. What it writes here is freed with the BIO.
    if (this.phase === "established" && !hasFailed(this.#lib, ssl)) {
      this.#lib.ERR_clear_error();
      // Nobody is told of what is never sent.
      const outer = enterCall(null);
      this.#lib.SSL_shutdown(ssl);
      enterCall(outer);
      this.#lib.ERR_clear_error();
    }
    this.#lib.SSL_free(ssl);
    this.#pointer = null;
    live--;
    this.#context.release();
  }
}
