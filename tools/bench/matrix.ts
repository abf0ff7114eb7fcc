/**
 * Which lanes are measured, with which sizes, and how.
 *
 * @module
 */
import { UsageError } from "../../common/base/errors.ts";
import { type Lane, LANES } from "../../common/model/lanes.ts";
import { FULL_PLAN } from "../../common/model/plan.ts";
import { IO_KINDS } from "../../common/model/protocol.ts";
import { shownArgument } from "../../common/base/visible.ts";

/** One connection for all messages, one for each, or one for each that resumes a session. */
export type Mode = "once" | "message" | "resumed";

/** One row of the table. */
export interface BenchCase {
  readonly lane: Lane;
  readonly mode: Mode;
  readonly sizeBytes: number;
}

/** Message sizes in bytes. */
export interface BenchSizes {
  /** On a connection that stays. */
  readonly kept: readonly number[];
  /** With a connection for each message, where the connection is what costs. */
  readonly fresh: readonly number[];
}

/**
 * What the variable NETPAIRS_BENCH stands for.
 *
 * @throws {UsageError} naming what is allowed
 */
export function sizesOfBench(value: string | undefined): BenchSizes {
  if (value === undefined || value === "") return { kept: [100, 16_384], fresh: [100] };
  if (value !== "all") {
    throw new UsageError(
      `NETPAIRS_BENCH=${shownArgument(value)}: only "all" is known, or leave it out`,
    );
  }
  const all = FULL_PLAN.sizes.toSorted((a, b) => a - b);
  return { kept: all, fresh: all };
}

/** All rows; the lanes that are compared stand together, TCP first. */
export function casesOf(sizes: BenchSizes): BenchCase[] {
  const cases = (modes: readonly Mode[], sizesBytes: readonly number[]) =>
    sizesBytes.flatMap((sizeBytes) =>
      IO_KINDS.flatMap((io) =>
        LANES.filter((lane) => lane.io === io).flatMap((lane) =>
          modes.filter((mode) => has(lane, mode)).map((mode) => ({ lane, mode, sizeBytes }))
        )
      )
    );
  return [...cases(["once"], sizes.kept), ...cases(["message", "resumed"], sizes.fresh)];
}

function has({ protocol, engine }: Lane, mode: Mode): boolean {
  if (mode === "resumed") return engine === "openssl";
  // UDP has no connections: a message costs the same either way.
  return mode === "once" || protocol !== "udp";
}
