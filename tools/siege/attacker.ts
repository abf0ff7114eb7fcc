/**
 * A process of strangers: started by {@linkcode AttackerProcess}.
 *
 * The first line of stdin says what to attack and how; each further line is answered with how often
 * each attack was made. It ends with its stdin.
 *
 * @module
 */
import { print } from "../../common/base/output.ts";
import { randomNumbers } from "../../common/base/random.ts";
import { linesOf } from "../soak/child_process.ts";
import type { AttackCounts, AttackOrder } from "./attack_order.ts";
import { ATTACKS } from "./attacks.ts";

async function attackAll(): Promise<void> {
  const lines = linesOf(Deno.stdin.readable);
  const { seed, set, attacks } = JSON.parse((await lines.next()).value!) as AttackOrder;
  const over = new AbortController();
  const counts: AttackCounts = { made: {}, running: attacks.length };
  const all = attacks.map(async ({ name, ...target }, i) => {
    counts.made[name] = 0;
    const count = () => void counts.made[name]!++;
    const random = randomNumbers(seed + i);
    await ATTACKS[name]({ ...target, set, random, count, signal: over.signal });
    counts.running--;
  });
  const tell = () => print(`${JSON.stringify(counts)}\n`);
  tell();
  for await (const _question of lines) tell();
  over.abort();
  await Promise.all(all);
  // What was left half open may be waiting for an answer still.
  Deno.exit(0);
}

if (import.meta.main) await attackAll();
