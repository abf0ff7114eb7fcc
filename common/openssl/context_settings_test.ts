/** The settings of a context, for both ends of both transports. */
import { testSettings } from "../testing/settings_suite.ts";
import { assertThrows } from "../testing/assert.ts";
import { fickle } from "../testing/wrong_settings.ts";
import { TlsContext } from "./context.ts";
import { CONTEXT_SETTINGS } from "./context_settings.ts";
import type { TlsContextOptions } from "./settings.ts";

for (const role of ["client", "server"] as const) {
  for (const transport of ["tls", "dtls"] as const) {
    const pskLookup = () => null;
    const which = { role, datagram: transport === "dtls" };
    testSettings({
      name: `TlsContext() of a ${transport} ${role}`,
      table: CONTEXT_SETTINGS[role][transport],
      base: role === "server" ? { ...which, pskLookup } : which,
      call: (options) => new TlsContext(options).close(),
      more: { role: [role], datagram: [which.datagram] },
    });
  }
}

Deno.test("TlsContext() is of the role that it was checked for, whatever is said later", () => {
  const clientThenServer = fickle({ datagram: false, pskHint: "x" }, "role", "client", "server");
  assertThrows(
    () => new TlsContext(clientThenServer as TlsContextOptions),
    TypeError,
    "pskHint is no setting",
  );
});
