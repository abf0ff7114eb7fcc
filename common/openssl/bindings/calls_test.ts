import { assertEquals, assertInstanceOf } from "../../testing/assert.ts";
import { saidIn } from "../../testing/stderr.ts";
import {
  CallbackError,
  type CallRecord,
  enterCall,
  guarded,
  noKeys,
  noteIdentity,
  noteOrigin,
  notify,
} from "./calls.ts";
import { loadOpenSsl } from "./library.ts";

const lib = loadOpenSsl();

const newRecord = (): CallRecord => ({
  taker: null,
  pskIdentity: null,
  origin: null,
  isWelcome: false,
  checkedPeer: null,
  peerName: null,
  remoteAddr: null,
  failure: null,
  keys: noKeys(),
});

const thrower = (what: unknown) => () => {
  throw what;
};

Deno.test("notify() hands over what there is", async () => {
  const told: unknown[] = [];
  const said = await saidIn(() => {
    notify("onError", (...both: unknown[]) => told.push(both), "why", 7);
    notify("onError", undefined, "why", 7);
  });
  assertEquals([told, said], [[["why", 7]], []]);
});

Deno.test("notify() writes what the program's function throws to stderr, once", async () => {
  const hostile = { toString: thrower(new Error("no text")) };
  for (const what of [new Error("own"), "text", null, undefined, Symbol("sign"), hostile]) {
    const said = await saidIn(() => notify("onError", thrower(what)));
    assertEquals(said.length, 1);
    assertEquals(said[0]!.startsWith("netpairs: onError failed: "), true, said[0]);
  }
});

Deno.test("notify() writes what the function's promise rejects with to stderr", async () => {
  const said = await saidIn(async () => {
    notify("onError", () => Promise.reject(new Error("later")));
    await new Promise((resolve) => setTimeout(resolve));
  });
  assertEquals(said, ["netpairs: onError failed: later"]);
});

Deno.test("guarded() makes what is thrown the failure of the call that is running", async () => {
  const record: CallRecord = newRecord();
  const outer = enterCall(record);
  const thrown = new Error("own");
  const said = await saidIn(() => {
    assertEquals(guarded(lib, "pskLookup", 0, () => 32), 32);
    assertEquals(guarded(lib, "pskLookup", 0, thrower(thrown)), 0);
    assertEquals(guarded(lib, "pskLookup", 0, thrower(new Error("later"))), 0);
    assertEquals(guarded(lib, "pskLookup", 0, () => 32), 0, "the call is lost already");
  });
  enterCall(outer);
  assertInstanceOf(record.failure, CallbackError);
  assertEquals([record.failure.cause, record.failure.message], [thrown, "pskLookup failed: own"]);
  assertEquals(said, []);
});

Deno.test("noteIdentity() belongs to the call that is running", () => {
  const record = newRecord();
  const outer = enterCall(record);
  noteIdentity("sensor-7");
  enterCall(outer);
  noteIdentity("stranger");
  assertEquals(record.pskIdentity, "sensor-7");
});

Deno.test("noteOrigin() keeps what it was told first", () => {
  const record = newRecord();
  const outer = enterCall(record);
  noteOrigin("key");
  noteOrigin("ticket");
  enterCall(outer);
  assertEquals(record.origin, "key");
});
