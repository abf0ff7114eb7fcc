/** How many may begin at once. */
import { assertEquals, assertRejects } from "../testing/assert.ts";
import { round } from "../base/event_loop.ts";
import { Gate } from "./gate.ts";

/** Who has come in, in order. */
function coming(gate: Gate, names: string): string[] {
  const entered: string[] = [];
  for (const name of names) {
    const waiting = gate.enter();
    if (waiting) waiting.then(() => entered.push(name));
    else entered.push(name);
  }
  return entered;
}

Deno.test("Gate lets so many in, and each of the others when one has left", async () => {
  const gate = new Gate(2, new AbortController().signal);
  const entered = coming(gate, "abcd");
  assertEquals(entered, ["a", "b"]);
  gate.leave();
  await round();
  assertEquals(entered, ["a", "b", "c"]);
  gate.leave();
  gate.leave();
  gate.leave();
  await round();
  assertEquals(entered, ["a", "b", "c", "d"]);
  assertEquals(coming(gate, "efg"), ["e", "f"]);
});

Deno.test("Gate ends every wait when it is aborted, and every later one", async () => {
  const controller = new AbortController();
  const gate = new Gate(1, controller.signal);
  gate.enter();
  const waiting = gate.enter();
  controller.abort(new RangeError("the run is over"));
  await assertRejects(async () => await waiting, RangeError, "the run is over");
  await assertRejects(async () => await gate.enter(), RangeError, "the run is over");
});
