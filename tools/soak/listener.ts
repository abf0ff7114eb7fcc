/**
 * A process that listens, and sends back whatever comes: started by {@linkcode ListenerProcess}.
 *
 * Arguments are kinds of listeners. The first line of stdin has certificates, and is answered with the
 * ports; each further line is answered with what the process uses. It ends with its stdin.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { liveSessions } from "../../common/openssl/session.ts";
import { linesOf } from "./child_process.ts";
import { serveDtls, serveTls } from "./echo_listeners.ts";
import type { ListenerKind, ListenerOrder, ListenerUsage } from "./listener_order.ts";
import { type Counts, serveBlocking, type Served, serveRustls } from "./pair_servers.ts";
import { countAllocations, usage } from "./usage.ts";

const SERVE: Readonly<Record<ListenerKind, (order: ListenerOrder) => Served | Promise<Served>>> = {
  tls: serveTls,
  dtls: serveDtls,
  "tls-sync": (order) => serveBlocking("tls", order),
  "dtls-sync": (order) => serveBlocking("dtls", order),
  "tls-rustls": serveRustls,
};

async function serve(kinds: readonly ListenerKind[]): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const order = JSON.parse((await lines.next()).value!) as ListenerOrder;
  if (order.counter !== undefined) countAllocations(order.counter);
  const all: (readonly [ListenerKind, Served])[] = [];
  for (const kind of kinds) all.push([kind, await SERVE[kind](order)]);
  const ready = liveSessions();
  const tell = (value: unknown) => print(`${JSON.stringify(value)}\n`);
  tell(Object.fromEntries(all.map(([kind, { port }]) => [kind, port])));
  for await (const _question of lines) {
    const { rss: beforeBytes } = Deno.memoryUsage();
    const used = await usage();
    const sum = (name: keyof Counts) =>
      all.reduce((sum, [, { counters }]) => sum + counters[name], 0);
    const sessions = sum("sessions");
    const told: ListenerUsage = {
      ...used,
      ...{ beforeBytes, sessions },
      // A listener that keeps a session, too, may have none ready.
      live: Math.max(used.live - ready, sessions),
      ...{ established: sum("established"), errors: sum("errors"), displaced: sum("displaced") },
    };
    tell(told);
  }
  await Promise.all(all.map(([, { close }]) => close()));
}

if (import.meta.main) await serve(Deno.args as ListenerKind[]);
