/**
 * A process that runs the pairs' scripts one after the other: each line of its stdin is a run, and
 * each run ends with a line of its own on stdout and on stderr.
 *
 * @module
 */
import { CONNECTION_PASSES, LONG_PASSES } from "../blocking/warm_up.ts";
import { clientMain, serverMain } from "../cli/script.ts";
import { setClock } from "../measure/clock.ts";
import type { Protocol, Role } from "../model/protocol.ts";

/** One run, as a line of JSON. */
export interface HostedRun {
  readonly protocol: Protocol;
  readonly role: Role;
  /** Arguments of the script. */
  readonly args: string[];
}

/** Begins the line that ends a run; the exit code follows. The scripts print no such character. */
export const END_MARK = "\0";

/** The scripts' main functions; what a protocol needs is loaded when it is first run. */
const MAIN: Record<Protocol, Record<Role, (args: string[]) => Promise<number>>> = {
  tcp: {
    client: async (args) => clientMain("tcp", (await import("../../tcp/client.ts")).prepare, args),
    server: async (args) => serverMain("tcp", (await import("../../tcp/server.ts")).prepare, args),
  },
  udp: {
    client: async (args) => clientMain("udp", (await import("../../udp/client.ts")).prepare, args),
    server: async (args) => serverMain("udp", (await import("../../udp/server.ts")).prepare, args),
  },
  tls: {
    client: async (args) => clientMain("tls", (await import("../../tls/client.ts")).prepare, args),
    server: async (args) => serverMain("tls", (await import("../../tls/server.ts")).prepare, args),
  },
  dtls: {
    client: async (args) =>
      clientMain("dtls", (await import("../../dtls/client.ts")).prepare, args),
    server: async (args) =>
      serverMain("dtls", (await import("../../dtls/server.ts")).prepare, args),
  },
};

if (import.meta.main) await host();

/** Nothing is measured here: warm-ups are as short as those of runs with few messages. */
function shortenWarmUp(): void {
  for (const passes of [LONG_PASSES, CONNECTION_PASSES] as number[][]) passes.length = 0;
}

async function host(): Promise<void> {
  shortenWarmUp();
  // A signal that arrives when its run is over must not end the next one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => {});
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(65_536);
  let rest = "";
  // stdin is read between two runs only.
  for (let length; (length = await Deno.stdin.read(bytes)) !== null;) {
    rest += decoder.decode(bytes.subarray(0, length), { stream: true });
    for (let end; (end = rest.indexOf("\n")) >= 0; rest = rest.slice(end + 1)) {
      await runOne(JSON.parse(rest.slice(0, end)));
    }
  }
  Deno.exit();
}

async function runOne({ protocol, role, args }: HostedRun): Promise<void> {
  const code = await MAIN[protocol][role](args);
  // A blocking lane has set the system's clock.
  setClock(undefined);
  const mark = new TextEncoder().encode(`${END_MARK}${code}\n`);
  Deno.stdout.writeSync(mark);
  Deno.stderr.writeSync(mark);
}
