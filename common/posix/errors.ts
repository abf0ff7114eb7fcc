/**
 * errno as errors.
 *
 * @module
 */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** errno(3): what the calls' outcomes are told apart by; the numbers are the system's. */
export const { EAGAIN, EINTR, EINPROGRESS, EALREADY, EISCONN, ECONNREFUSED, EINVAL } =
  constants.errno;

const { EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EACCES, EPROTO } = constants.errno;

/** What becomes of ICMP that a datagram has met with: udp(7), icmp(7), RFC 1122 4.1.3.3. */
export const ICMP_ERRORS: readonly number[] = [
  ECONNREFUSED,
  EHOSTUNREACH,
  ENETUNREACH,
  ENOPROTOOPT,
  EACCES,
  EPROTO,
];

/** A system call failed. */
export class PosixError extends Error {
  override readonly name = "PosixError";
  /** The error's name, such as "ECONNREFUSED". */
  readonly code: string;
  /** errno(3). */
  readonly errno: number;

  /** @param call the function's name */
  constructor(call: string, errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
    super(`${call}: ${text} (${code})`);
    this.code = code;
    this.errno = errno;
  }
}
