/**
 * What happens while OpenSSL calls back: which session's call is running, and what the program's
 * functions did in it. Nothing of theirs reaches C or ends the process.
 *
 * @module
 */
import { describe } from "../../base/errors.ts";
import type { OpenSsl } from "./library.ts";
import { say } from "../../base/say.ts";

/**
 * A function among the settings has thrown, or returned what cannot be used; the handshake that it
 * was called for is refused. `cause` is what it threw, or a TypeError or RangeError that says what
 * is wrong with its result.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../../dtls/mod.ts";
 *
 * const { promise, resolve: onError } = Promise.withResolvers<unknown>();
 * const pskLookup = () => {
 *   throw new Error("the database is away");
 * };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup, onError });
 * const psk = { identity: "sensor-7", key: new Uint8Array(32) };
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * conn.handshake().catch(() => {});
 * if (!(await promise instanceof CallbackError)) throw new Error("it was to be told");
 * ```
 */
export class CallbackError extends Error {
  /** Always "CallbackError". */
  override readonly name = "CallbackError";
}

/** Takes what a session sends and receives; it calls nothing and throws nothing. */
export interface MessageTaker {
  /**
   * @param type content type, or one of SSL_CTX_set_msg_callback(3)'s own
   * @param head the beginning of it, at least its header
   * @param length of all of it, in bytes
   */
  take(
    isSent: boolean,
    type: number,
    head: Uint8Array,
    length: number,
    ssl: Deno.PointerValue,
  ): void;
}

/** What a server has made of a ClientHello. */
export interface HelloFacts {
  /** The name that the client asks for, as it stands there; null where it says none. */
  readonly serverName: string | null;
  /** Whether the certificate was chosen by that name. */
  readonly isNamed: boolean;
  /** Whether the server has no certificate for it. */
  readonly isUnknown: boolean;
  /** What is stapled to the certificate. */
  readonly ocspResponse: Uint8Array<ArrayBuffer> | undefined;
}

/** Why a certificate is refused. */
export interface Refusal {
  /** Goes on after "the peer's certificate". */
  readonly why: string;
  /** The error of the program's that says so, where one does. */
  readonly cause?: Error;
}

/** What the functions of the program did during the calls of one session. */
export interface CallRecord {
  /** Identity whose key was handed to OpenSSL last; whether it was used is another question. */
  pskIdentity: string | null;
  /** Server: how the session began that the first ticket was made of. */
  origin: "key" | "ticket" | null;
  /** Server: whether the session of the ticket that is used was looked at. */
  isWelcome: boolean;
  /** What went wrong first in one of them. */
  failure: CallbackError | null;
  /** Why the peer's certificate was refused, where OpenSSL had nothing against it. */
  /** Server: what was made of the ClientHello. */
  hello?: HelloFacts;
  refusal?: Refusal;
  /** SHA-256 of the certificate that the program's own check has let pass, of the peer's. */
  checkedPeer: string | null;
  /** Client: the name that its connection is for. */
  peerName: string | null;
  /** Says where its peer is, where a driver knows it. */
  remoteAddr: (() => Deno.NetAddr | null) | null;
  /** Where the session's messages go, if somebody is told of them. */
  taker: MessageTaker | null;
  /** What a server's handshake has asked the program for. */
  readonly keys: AskedKeys;
}

/** A key; null where there is none; "later" where the program has promised it. */
export type AskedKey = Uint8Array<ArrayBuffer> | null | "later";

/** The keys that one handshake has asked the program for, and what of it is still to come. */
export interface AskedKeys {
  /** By identity: each is asked for once. */
  readonly known: Map<string, AskedKey>;
  /** Number of promises that have not settled. */
  promised: number;
  /** Settles when all have, or when the session needs them no more; null where none is waited for. */
  waiting: PromiseWithResolvers<void> | null;
  /** Set when the session has failed or is closed. */
  isOver: boolean;
}

/** For a session that begins. */
export function noKeys(): AskedKeys {
  return { known: new Map(), promised: 0, waiting: null, isOver: false };
}

/** The keys that the session whose call is running has asked for; null where none is. */
export function currentKeys(): AskedKeys | null {
  return current?.keys ?? null;
}

/**
 * Has the session whose call is running wait for what a function of the program has promised.
 *
 * @param name of the program's function
 * @param use takes what it comes to, and throws where that cannot be used
 * @param refuse is called where it rejects or cannot be used
 */
export function waitFor(
  name: string,
  promise: PromiseLike<unknown>,
  use: (value: unknown) => void,
  refuse: () => void,
): void {
  const call = current;
  if (!call) throw new TypeError("its result must be there at once: no handshake waits for it");
  const { keys } = call;
  keys.promised++;
  keys.waiting ??= Promise.withResolvers();
  const settle = () => {
    if (--keys.promised > 0) return;
    keys.waiting?.resolve();
    keys.waiting = null;
  };
  Promise.resolve(promise).then(use).catch((cause) => {
    refuse();
    const error = failureOf(name, cause);
    // The handshake is refused with it when it goes on.
    if (keys.isOver || call.failure) report(error);
    else call.failure = error;
  }).then(settle);
}

/** Nothing more is waited for, and what was promised counts for nothing. */
export function endKeys(keys: AskedKeys): void {
  keys.isOver = true;
  keys.known.clear();
  keys.waiting?.resolve();
  keys.waiting = null;
}

/** The session whose call is on the stack; null where none is. */
let current: CallRecord | null = null;

/**
 * Says whose call is on the stack from now on.
 *
 * @returns whose it was: a callback may drive another session
 */
export function enterCall(record: CallRecord | null): CallRecord | null {
  const outer = current;
  current = record;
  return outer;
}

/** Where the messages go of the session whose call is running. */
export function currentTaker(): MessageTaker | null {
  return current?.taker ?? null;
}

/** Notes whose key is used in the call that is running. */
export function noteIdentity(identity: string): void {
  if (current) current.pskIdentity = identity;
}

/** Notes that a ticket was taken back after its client was looked at. */
export function noteWelcome(): void {
  if (current) current.isWelcome = true;
}

/** Notes how the session began that a ticket is made of; only the first ticket's still says so. */
export function noteOrigin(origin: "key" | "ticket"): void {
  if (current) current.origin ??= origin;
}

/** Notes what was made of the ClientHello. */
export function noteHello(hello: HelloFacts): void {
  if (current) current.hello = hello;
}

/** What was made of the ClientHello in the session whose call is running. */
export function currentHello(): HelloFacts | undefined {
  return current?.hello;
}

/** Notes why the peer's certificate is refused in the call that is running. */
export function noteRefusal(why: string, cause?: Error): void {
  if (current) current.refusal = cause ? { why, cause } : { why };
}

/** Notes that the program's own check has let a certificate pass. */
export function noteCheckedPeer(sha256: string): void {
  if (current) current.checkedPeer = sha256;
}

/** Of whose call is running: the name that its connection is for, and where its peer is. */
export function currentPeer(): { serverName: string | null; remoteAddr: Deno.NetAddr | null } {
  const serverName = current?.peerName ?? current?.hello?.serverName ?? null;
  return { serverName, remoteAddr: current?.remoteAddr?.() ?? null };
}

/** Whether a function of the program has failed in the call that is running. */
export function currentHasFailed(): boolean {
  return current !== null && current.failure !== null;
}

/** Why the peer's certificate was refused in the session whose call is running. */
export function currentRefusal(): Refusal | null {
  return current?.refusal ?? null;
}

/**
 * Runs a function of the program within a call of OpenSSL's, which finds the error queue empty
 * afterwards, whatever was called in between: SSL_get_error(3) looks at it. Once one has failed,
 * the call is lost, and no other one is asked.
 *
 * @param name of the program's function
 * @param refusal what the caller is told where it fails
 */
export function guarded<T>(
  lib: Pick<OpenSsl, "ERR_clear_error">,
  name: string,
  refusal: T,
  run: () => T,
): T {
  if (current?.failure) return refusal;
  try {
    return run();
  } catch (cause) {
    const error = failureOf(name, cause);
    if (current) current.failure = error;
    else report(error);
    return refusal;
  } finally {
    lib.ERR_clear_error();
  }
}

/**
 * Calls a function of the program whose result nothing depends on. What it throws is written to
 * stderr: a listener goes on.
 */
export function notify<Args extends unknown[]>(
  name: string,
  tell: ((...args: Args) => unknown) | undefined,
  ...args: Args
): void {
  try {
    disregard(name, tell?.(...args));
  } catch (cause) {
    report(failureOf(name, cause));
  }
}

/** Where a function returns a promise that rejects, that is written to stderr, and ends nothing. */
export function disregard(name: string, result: unknown): void {
  onRejection(result, (cause) => report(failureOf(name, cause)));
}

/** A promise that is refused as a result has been told of: that it rejects, too, is no news. */
export function ignore(result: unknown): void {
  onRejection(result, () => {});
}

function onRejection(result: unknown, tell: (cause: unknown) => void): void {
  if (typeof result !== "object" || result === null || !("then" in result)) return;
  Promise.resolve(result).catch(tell);
}

function failureOf(name: string, cause: unknown): CallbackError {
  return new CallbackError(`${name} failed: ${describe(cause)}`, { cause });
}

/** Writes to stderr what cannot be told by any call's result. */
export function report(error: CallbackError): void {
  say(`netpairs: ${error.message}`);
}
