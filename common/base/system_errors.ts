/**
 * What the system's errors mean for a socket that lives on: which of them are one datagram's or one
 * connection's, and which the socket's own. Errors of Deno's, of Node's modules and of libc's calls
 * are told apart by the same names.
 *
 * @module
 */
import { getSystemErrorMap } from "node:util";
import { MAX_PAYLOAD_BYTES } from "./datagrams.ts";

/** Errors that come without a code, as Deno's own classes say what they are. */
const CLASSES: readonly (readonly [new (message?: string) => Error, string])[] = [
  [Deno.errors.ConnectionRefused, "ECONNREFUSED"],
  [Deno.errors.ConnectionReset, "ECONNRESET"],
  [Deno.errors.ConnectionAborted, "ECONNABORTED"],
  [Deno.errors.NotConnected, "ENOTCONN"],
  [Deno.errors.PermissionDenied, "EPERM"],
  [Deno.errors.AddrNotAvailable, "EADDRNOTAVAIL"],
  [Deno.errors.NetworkUnreachable, "ENETUNREACH"],
  [Deno.errors.TimedOut, "ETIMEDOUT"],
  [Deno.errors.WouldBlock, "EAGAIN"],
  [Deno.errors.BrokenPipe, "EPIPE"],
  [Deno.errors.AddrInUse, "EADDRINUSE"],
  [Deno.errors.NotFound, "ENOENT"],
  // libuv's name, as errno(3) has none.
  [Deno.errors.UnexpectedEof, "EOF"],
];

/**
 * The name of an error of the system, as errno(3) has it.
 *
 * @returns such as "ECONNREFUSED"; null where it is none of the system's
 */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  if (number !== undefined) return getSystemErrorMap().get(-Number(number))?.[0] ?? null;
  return CLASSES.find(([type]) => error instanceof type)?.[1] ?? null;
}

/**
 * An error of Deno's class for what the system has said, in other words.
 *
 * @param cause what it has said
 * @returns an Error where Deno has no class for it
 */
export function systemError(message: string, cause: unknown): Error {
  const code = systemCode(cause);
  const known = CLASSES.find(([, of]) => of === (code === "EACCES" ? "EPERM" : code))?.[0];
  const error = new (known ?? Error)(message);
  error.cause = cause;
  return error;
}

/** Memory or descriptors have run out: it may be better in a moment. */
const EXHAUSTED = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** What networks and their routers say of a packet: ip(7), icmp(7), RFC 1122 3.2.2.1, accept(2). */
const NETWORK = [
  ...["ENETDOWN", "ENETUNREACH", "ENETRESET", "ENONET", "EHOSTDOWN", "EHOSTUNREACH"],
  ...["EPROTO", "ENOPROTOOPT", "EOPNOTSUPP", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "EPERM"],
];

const LOST = new Set([
  ...NETWORK,
  // A firewall or a route that refuses (ICMPv6 has it, too), no address to send from, no room.
  ...["EACCES", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM", "EAGAIN"],
]);

const GONE = new Set([...NETWORK, "ECONNABORTED", "ENOTCONN"]);

/**
 * Whether an error of sending or receiving is about one datagram, this one or an earlier one (its
 * ICMP answer comes back with a later call: udp(7)): then it is lost, and the socket lives on.
 *
 * @param sizeBytes of the datagram that was sent: one too long for UDP is its sender's mistake, any
 * other has met a link that takes no such length
 */
export function isLoss(error: unknown, sizeBytes = 0): boolean {
  const code = systemCode(error);
  if (code === "EMSGSIZE") return sizeBytes <= MAX_PAYLOAD_BYTES;
  return code !== null && LOST.has(code);
}

/** Whether descriptors or memory have run out: what failed may go well a moment later. */
export function isExhausted(error: unknown): boolean {
  return EXHAUSTED.has(systemCode(error) ?? "");
}

/** Whether an error of accept(2) is about the one connection, which was gone before. */
export function isGone(error: unknown): boolean {
  return GONE.has(systemCode(error) ?? "");
}

/** So long a socket rests, in milliseconds, where descriptors or memory have run out. */
export const EXHAUSTED_PAUSE_MS = 50;

/** A rest that can be cut short. */
export class Pause {
  #end: () => void = () => {};

  /** Resolves after {@linkcode EXHAUSTED_PAUSE_MS}, or with {@linkcode Pause.end}. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, EXHAUSTED_PAUSE_MS);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the rest that is taken, if any. */
  end(): void {
    this.#end();
  }
}
