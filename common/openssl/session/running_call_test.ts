import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { saidIn } from "../../testing/stderr.ts";
import { CallbackError, enterCall, noteIdentity } from "../bindings/calls.ts";
import { RunningCall } from "./running_call.ts";

Deno.test("begin() refuses a second call until end()", () => {
  const call = new RunningCall();
  call.begin();
  assertThrows(() => call.begin(), TypeError, "a callback runs within one of its calls");
  assertEquals(call.isRunning, true);
  call.end();
  assertEquals(call.isRunning, false);
  call.begin();
  call.end();
});

Deno.test("begin() and end() keep two sessions' records apart, one within the other", () => {
  const [outer, inner] = [new RunningCall(), new RunningCall()];
  outer.begin();
  inner.begin();
  noteIdentity("inner");
  inner.end();
  noteIdentity("outer");
  outer.end();
  assertEquals([outer.record.pskIdentity, inner.record.pskIdentity], ["outer", "inner"]);
  assertEquals(enterCall(null), null);
});

Deno.test("end() tells of a callback's failure once", () => {
  const call = new RunningCall();
  call.begin();
  const failure = call.record.failure = new CallbackError("own");
  assertEquals(call.end(), failure);
  call.begin();
  assertEquals(call.end(), null);
});

Deno.test("end() writes to stderr what failed in a call that was given up", async () => {
  const call = new RunningCall();
  const said = await saidIn(() => {
    call.begin();
    call.record.failure = new CallbackError("keyLog failed: own");
    call.giveUp();
    assertEquals([call.isRunning, call.end()], [true, null]);
  });
  assertEquals(said, ["netpairs: keyLog failed: own"]);
});

Deno.test("giveUp() does nothing to the calls that follow", () => {
  const call = new RunningCall();
  call.giveUp();
  call.begin();
  const failure = call.record.failure = new CallbackError("own");
  assertEquals(call.end(), failure);
});
