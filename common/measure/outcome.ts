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

/** What is known before a client's first message, or of any that a server takes. */
export function noOutcome(client: number, answered = false): Outcome {
  return { client, sizeBytes: 0, no: 0, answered, lost: false, resumed: false };
}

/** When a message's steps began, and how long they and all of them took. */
export type MessageTimes = Pick<StepTimer, "startsUs" | "durationsUs" | "totalUs">;
