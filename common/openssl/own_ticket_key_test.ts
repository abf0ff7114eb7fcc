import { assertEquals } from "../testing/assert.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import type { TlsServerSettings } from "./settings.ts";
import { TICKET_KEY_BYTES } from "./ticket_keys.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
loadOpenSsl();

const HOUR_MS = 60 * 60 * 1000;

/** A server's settings, after how long a client comes again, and whether it resumes its session. */
const CASES: [string, TlsServerSettings, number, boolean][] = [
  ["within a day", {}, 23, true],
  ["after a day", {}, 25, false],
  ["after a day where sessions live for two", { sessionTimeoutSeconds: 48 * 3600 }, 25, true],
  ["after two days where sessions live for two", { sessionTimeoutSeconds: 48 * 3600 }, 49, false],
  ["with keys of the program's", { ticketKeys: [new Uint8Array(TICKET_KEY_BYTES)] }, 49, true],
  ["from the server's cache", { sessionTickets: false }, 49, true],
];

for (const protocol of Object.keys(PROTOCOLS) as ProtocolName[]) {
  for (const [when, settings, hours, resumes] of CASES) {
    // OpenSSL's own clock stands: sessions do not end.
    Deno.test(`a ticket ${resumes ? "counts" : "is of a key that is gone"} ${when} (${protocol})`, async () => {
      using clock = new FakeClock();
      using bench = await resumptionBench(protocol, settings);
      using session = bench.connect().saved!;
      clock.nowMs += hours * HOUR_MS;
      const { established, resumed } = bench.tell({ session });
      assertEquals([established, resumed], [true, resumes]);
      // The new key seals, too.
      using next = bench.connect().saved!;
      assertEquals(bench.tell({ session: next }).resumed, true);
    });
  }
}
