/**
 * What is known of one message when it is over.
 *
 * @module
 */
import type { StepTimer } from "./clock.ts";

/** What became of one message. */
export interface Outcome {
  client: number;
  sizeBytes: number;
  no: number;
  answered: boolean;
  lost: boolean;
  resumed: boolean;
}

/** When a message's steps began, and how long they and all of them took. */
export type MessageTimes = Pick<StepTimer, "startsUs" | "durationsUs" | "totalUs">;
