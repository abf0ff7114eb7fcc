/**
 * What an end does once before its exchange begins.
 *
 * @module
 */
import type { Deadlines } from "../base/deadline.ts";
import type { PairOptions } from "../model/pair_options.ts";

/** A transport, and what else the result document says about the lane. */
export interface Prepared<Transport> {
  transport: Transport;
  /** Version text of the library in use, where there is one. */
  library?: string;
}

/** Loads certificates, looks up names, opens listeners: everything that is done once. */
export type Prepare<Transport> = (
  options: PairOptions,
  deadlines: Deadlines,
) => Promise<Prepared<Transport>>;
