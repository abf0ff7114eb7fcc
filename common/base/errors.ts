/**
 * The ways a command ends badly, each with its exit code, and the one line it prints then.
 *
 * @module
 */
import { say } from "./say.ts";
import { systemCode } from "./system_errors.ts";
import { visibleLine } from "./visible.ts";

/** Exit codes of every command. */
export const EXIT = {
  /** The run is complete. */
  complete: 0,
  /** It failed. */
  failed: 1,
  /** The arguments of the command line, or the plan or profile they name, were wrong. */
  usage: 2,
  /** Interrupted from outside; what was measured is kept. */
  interrupted: 130,
} as const;

/** An argument, a plan or a profile that cannot be used: exit code 2. */
export class UsageError extends Error {
  /** "UsageError". */
  override readonly name: string = "UsageError";
}

/** A command's run that cannot start or go on: exit code 1. */
export class RunError extends Error {
  /** Always "RunError". */
  override readonly name: string = "RunError";
}

/**
 * A host name stands for no address, or an address wants a network interface that this machine does
 * not have: `hostname` of a client or a listener. `cause` is what the system has said, where it was
 * asked.
 *
 * @example
 * ```ts
 * import { connectTls } from "../../tls/mod.ts";
 *
 * const error = await connectTls({ hostname: "fe80::1", port: 1443 }).catch((error) => error);
 * // A link-local address means nothing without its interface: RFC 4007 6.
 * if (!(error instanceof AddressError)) throw error;
 * ```
 */
export class AddressError extends Error {
  /** Always "AddressError". */
  override readonly name = "AddressError";
}

/**
 * A step took longer than it may: a handshake, a wait for the peer, or the peer's silence. Which
 * bound it was stands in the message.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using conn = await connectDtls({ port: listener.addr.port, psk });
 * const error = await conn.receive(undefined, 1).catch((error) => error);
 * if (!(error instanceof TimeoutError)) throw new Error("nothing was sent");
 * ```
 */
export class TimeoutError extends Error {
  /** Always "TimeoutError". */
  override readonly name = "TimeoutError";
}

/**
 * A DTLS connection is over because its client has begun a new one from the same address and port
 * (RFC 6347 4.2.8): it was restarted, or its address was given to another one.
 *
 * @example
 * ```ts
 * import { connectDtls, listenDtls } from "../../dtls/mod.ts";
 *
 * const psk = { identity: "sensor-7", key: new Uint8Array(32).fill(7) };
 * await using listener = listenDtls({ hostname: "127.0.0.1", port: 0, pskLookup: () => psk.key });
 * await using client = await connectDtls({ port: listener.addr.port, psk });
 * const server = await listener.accept();
 * const why = server!.receive().catch((error) => error);
 * server!.abandon();
 * if (await why instanceof ReplacedError) throw new Error("it was closed, not replaced");
 * ```
 */
export class ReplacedError extends Error {
  /** Always "ReplacedError". */
  override readonly name = "ReplacedError";
}

/** The run was stopped from outside, by a signal or by its caller: exit code 130. */
export class InterruptedError extends Error {
  /** Always "InterruptedError". */
  override readonly name = "InterruptedError";
}

/**
 * The peer makes this end answer, as with KeyUpdate (RFC 8446 4.6.3), and does not read: more than
 * 64 KiB of answers wait to be written, and the connection has ended.
 *
 * @example
 * ```ts
 * const isHostile = (error: unknown) => error instanceof UnreadAnswersError;
 * if (isHostile(new Error("the peer has gone"))) throw new Error("it has only gone");
 * ```
 */
export class UnreadAnswersError extends Error {
  /** Always "UnreadAnswersError". */
  override readonly name = "UnreadAnswersError";
}

/**
 * As much was sealed with a connection's keys as is safe, some 390 GB with AES-GCM, and its version, TLS
 * or DTLS 1.2, has no way to new ones (RFC 9325 4.4). What the peer sends is still received.
 *
 * @example
 * ```ts
 * const wantsNewConnection = (error: unknown) => error instanceof KeyLimitError;
 * if (wantsNewConnection(new Error("the peer has gone"))) throw new Error("it has only gone");
 * ```
 */
export class KeyLimitError extends Error {
  /** Always "KeyLimitError". */
  override readonly name = "KeyLimitError";
}

/** Errors of the system's kinds whose message says already, for people, what is the case. */
const WORDED = new WeakSet<Error>();

/** Marks an error whose message is {@linkcode describe}'s line for it. */
export function worded<E extends Error>(error: E): E {
  WORDED.add(error);
  return error;
}

/** What went wrong first: what an end of something, with `using`, has thrown on top of it counts less. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/** The exit code that belongs to an error. */
export function exitCodeOf(thrown: unknown): number {
  const error = firstOf(thrown);
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  return EXIT.failed;
}

/** What is the case, in plain words, for the errors of the system that a user can meet and mend. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused; is the server running there?",
  ECONNRESET: "connection reset by the peer",
  ECONNABORTED: "connection aborted",
  EPIPE: "the peer has closed the connection",
  EOF: "the peer closed the connection early",
  EADDRINUSE: "the address is in use; choose another port, or 0 for a free one",
  EADDRNOTAVAIL: "the address is not one of this machine",
  ENOENT: "no such file",
  EACCES: "the system does not permit it",
  EPERM: "the system does not permit it",
  ENOSPC: "there is no space left on the device",
};

/** What has failed, or that it is not known: streams and promises can fail with undefined. */
export function known(error: unknown): unknown {
  return error === undefined ? new Error("what is below has failed, and does not say why") : error;
}

/**
 * Says in one line what is the case, for an error of the runtime or of a library.
 *
 * @returns text without line breaks, without a stack, and with nothing that a terminal would obey
 */
export function describe(error: unknown): string {
  try {
    return describeKnown(firstOf(error));
  } catch {
    // Anything can be thrown, such as an object that cannot be made a text.
    return "an error that does not say what it is";
  }
}

function describeKnown(error: unknown): string {
  if (!(error instanceof Error)) return visibleLine(String(error));
  const isWorded = error instanceof RunError || error instanceof UsageError || WORDED.has(error);
  if (isWorded) return visibleLine(error.message);
  if (error instanceof Deno.errors.NotCapable) return describeMissingPermission(error);
  return CAUSES[systemCode(error) ?? ""] ?? visibleLine(error.message || error.name);
}

/** Deno's own line names the switch; only the wish to run again is ours. */
function describeMissingPermission(error: Error): string {
  const flag = /--allow-[a-z]+/.exec(error.message)?.[0];
  const what = /^Requires (.*?), run again/.exec(error.message)?.[1];
  if (!flag || !what) return visibleLine(error.message);
  return `permission missing: ${what.replaceAll('"', "")}; run again with ${flag}`;
}

/** Prints the one line an error is worth on stderr and returns its exit code. */
export function reportError(error: unknown): number {
  say(`error: ${describe(error)}`);
  return exitCodeOf(error);
}
