/**
 * Every way through OpenSSL that there is.
 *
 * @module
 */
import { handshakeWays } from "./handshakes.ts";
import type { Ways } from "./meeting.ts";
import { resumptionWays } from "./resumptions.ts";
import { settingsWays } from "./settings.ts";
import { transferWays } from "./transfers.ts";

/** By their names. */
export async function allWays(): Promise<Ways> {
  return {
    ...await handshakeWays(),
    ...transferWays(),
    ...await resumptionWays(),
    ...await settingsWays(),
  };
}
