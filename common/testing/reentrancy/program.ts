/**
 * Makes random calls from within one callback, on either protocol, until there were enough; then
 * everything has to be as it was. Started by a test: a crash is an exit code there.
 *
 * Arguments: protocol, callback, seed.
 *
 * @module
 */
import { liveSessions } from "../../openssl/session.ts";
import { seededRandom } from "../fake_random.ts";
import { CALLS } from "./calls.ts";
import { KINDS } from "./kinds.ts";
import { World } from "./world.ts";

/** A program that does not end by itself has left something open. */
const WATCHDOG_MS = 600_000;

/** So many clients, one after the other, make it be called often enough. */
const MAX_CLIENTS = 500;

/** Clients that connect at once. */
const AT_ONCE = 24;

async function main([protocol = "", kind = "", seed = ""]: string[]): Promise<string[]> {
  const world = new World(protocol === "dtls", seededRandom(Number(seed)), CALLS);
  console.error = (line: string) => world.ledger.said(line);
  const { prepare, drive } = KINDS[kind]!;
  prepare(world);
  const driving = async () => {
    for (let n = 0; !world.calm && n < MAX_CLIENTS; n++) {
      await world.track(drive(world), "a client");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, driving));
  if (!world.calm) world.ledger.faults.push(`only ${world.calls} calls were made`);
  world.calm = true;
  // Nothing of all that has harmed the listener.
  await world.client("a fresh client", { handshakeTimeoutMs: 20_000 });
  await world.end();
  // What has failed is freed when its alert has left.
  for (let i = 0; i < 2000 && liveSessions() > 0; i++) await new Promise((go) => setTimeout(go, 5));
  if (liveSessions() > 0) world.ledger.faults.push(`${liveSessions()} sessions were not freed`);
  return world.ledger.audit();
}

Deno.unrefTimer(setTimeout(() => {
  console.log("the program does not end");
  Deno.exit(3);
}, WATCHDOG_MS));

const faults = await main(Deno.args);
for (const fault of faults) console.log(fault);
Deno.exitCode = faults.length > 0 ? 2 : 0;
