/**
 * What the two ends of a run have agreed on.
 *
 * @module
 */
import type { Security } from "../model/protocol.ts";

/**
 * Notes what a handshake took that resumed a session, beside what the first, full one took.
 *
 * @param agreed in the first handshake of the run; null where it is not known
 * @param resumed in the first that resumed its session
 */
export function noteResumed(agreed: Security | null, resumed: Security | undefined): void {
  if (agreed && resumed?.handshake) agreed.resumedHandshake = resumed.handshake;
}
