/** Strangers and a listener in processes of their own: what is attacked has to answer them. */
import { setTimeout as delay } from "node:timers/promises";
import { generateCertificates } from "../../certs/generate.ts";
import { assert } from "../../common/testing/assert.ts";
import type { ListenerUsage } from "../soak/listener_order.ts";
import { ListenerProcess } from "../soak/listener_process.ts";
import { AttackerProcess } from "./attacker_process.ts";
import type { AttackName } from "./attacks.ts";

/** Handshakes that strangers leave are there for as long as this test may take. */
const handshakeTimeoutMs = 60_000;

Deno.test("a listener answers strangers, whatever address of this machine they come from", async () => {
  const set = await generateCertificates();
  await using listener = await ListenerProcess.start(["dtls"], { ...set, handshakeTimeoutMs });
  const after = async (name: AttackName, seed: number, times: number): Promise<ListenerUsage> => {
    const attacks = [{ name, port: listener.ports.dtls, rate: 100, ports: 1, times }];
    await using attackers = await AttackerProcess.start({ seed, set, attacks });
    while ((await attackers.counts()).running > 0) await delay(20);
    return await listener.usage();
  };
  const { sessions, established } = await after("half-open", 1, 3);
  assert(sessions > 0 && established === 0, `${sessions} sessions, ${established} established`);
  // In half of the handshakes nothing is changed, and what is sealed becomes a sample.
  for (let seed = 1;; seed++) {
    if ((await after("datagrams", seed, 1)).established > 0) break;
    assert(seed < 20, "no stranger has come through the handshake");
  }
});
