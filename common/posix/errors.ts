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
