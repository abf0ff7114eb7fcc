import { Buffer } from "node:buffer";
import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { checkSettings, checkValue, group, setting, type SettingsTable } from "./check.ts";
import type { Kind } from "./kind.ts";
import {
  bytesOf,
  byteString,
  callback,
  checkInto,
  detached,
  flag,
  hostText,
  instance,
  listOf,
  milliseconds,
  oneOf,
  text,
  wholeNumber,
} from "./kinds.ts";

interface Sample {
  port: number;
  mode?: "none" | "all";
  key?: { name: string; secret: Uint8Array<ArrayBuffer> };
  names?: readonly string[];
}

const TABLE: SettingsTable<Sample> = {
  port: setting(wholeNumber(1, 65535), "where"),
  mode: setting(oneOf(["none", "all"]), "how", "none"),
  key: setting(
    group<{ name: string; secret: Uint8Array<ArrayBuffer> }>({
      name: setting(text({ max: 8 }), "whose"),
      secret: setting(byteString(1, 4), "what"),
    }, { name: "me", secret: new Uint8Array(1) }),
    "a key",
    "none",
  ),
  names: setting(listOf(text()), "names", "none"),
};

const check = (value: unknown) => checkSettings<Sample>(TABLE, value, "listen");

Deno.test("checkSettings() gives back what is there, and copies what could be changed", () => {
  const secret = Uint8Array.of(1, 2);
  const names = ["a"];
  const read = check({ port: 4433, key: { name: "me", secret }, names, mode: undefined });
  secret[0] = 9;
  names.push("b");
  assertEquals(read, {
    port: 4433,
    key: { name: "me", secret: Uint8Array.of(1, 2) },
    names: ["a"],
  });
});

Deno.test("checkSettings() reads each value once", () => {
  let reads = 0;
  const tricky = {
    get port() {
      return ++reads === 1 ? 4433 : 70000;
    },
  };
  assertEquals(check(tricky).port, 4433);
});

Deno.test("checkSettings() names what it refuses, and says what is allowed", () => {
  const refused: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [undefined, TypeError, "the options must be an object with settings, not undefined"],
    [[], TypeError, "the options must be an object"],
    [Promise.resolve({ port: 1 }), TypeError, "an object with settings, not a promise"],
    [new Map([["port", 1]]), TypeError, "the options must be an object with settings"],
    [{}, TypeError, "port is missing; it must be a whole number from 1 to 65535"],
    [{ port: "1" }, TypeError, "port must be a whole number from 1 to 65535, not a text"],
    [{ port: 1.5 }, RangeError, "port must be a whole number from 1 to 65535, not 1.5"],
    [{ port: 1, mode: "ALL" }, RangeError, 'mode must be "none" or "all", not "ALL"'],
    [{ port: 1, mode: true }, TypeError, 'mode must be "none" or "all", not true'],
    [{ port: 1, mod: "all" }, TypeError, "mod is no setting; did you mean mode?"],
    [{ port: 1, colour: "red" }, TypeError, "colour is no setting; known are port, mode, key"],
    [{ port: 1, names: ["a", 2] }, TypeError, "names[1] must be a text that is not empty, not 2"],
    [{ port: 1, names: ["a\0b"] }, RangeError, "names[0] must not hold a zero byte"],
    [{ port: 1, key: { name: "me" } }, TypeError, "key.secret is missing"],
    [{ port: 1, key: { name: "me", secret: "abcd" } }, TypeError, "key.secret must be an ArrayBuf"],
    [{ port: 1, key: { name: "me", secret: new Uint8Array(5) } }, RangeError, "not 5 bytes"],
  ];
  for (const [value, type, message] of refused) {
    assertThrows(() => check(value), type, `Cannot listen: `);
    assertThrows(() => check(value), type, message);
  }
});

Deno.test("checkSettings() never shows a text, which may be a secret", () => {
  const error = assertThrows(() => check({ port: 1, names: "hunter2" }), TypeError);
  assertEquals(error.message.includes("hunter2"), false);
});

const signal = instance("AbortSignal", AbortSignal, ({ aborted }) => !aborted);

/** The kinds, and values that pass besides those they name themselves. */
const KINDS: Record<string, [Kind<unknown>, unknown[]]> = {
  wholeNumber: [wholeNumber(1, 9), [5, 1e0]],
  milliseconds: [milliseconds(1), [1.5]],
  text: [text({ max: 4 }), ["a", "äö"]],
  oneOf: [oneOf(["a", "b"]), []],
  flag: [flag(), []],
  callback: [callback(), [() => {}, async () => {}]],
  instance: [signal, [new AbortController().signal]],
  byteString: [byteString(1, 4), [new ArrayBuffer(1), new DataView(new ArrayBuffer(2))]],
  listOf: [listOf(text()), [["a"]]],
  hostText: [hostText(({ text }) => text), ["a.example", "fe80::1%1"]],
};

for (const [name, [kind, more]] of Object.entries(KINDS)) {
  Deno.test(`${name}() takes what it says, and refuses its own samples of what is wrong`, () => {
    const good = [...kind.good, ...more];
    assert(good.length > 0 && kind.wrongKinds.length > 4);
    for (const value of good) checkValue(kind, value, "it", "test");
    for (const wrong of kind.wrongKinds) {
      assertThrows(() => checkValue(kind, wrong, "it", "test"), TypeError, "Cannot test: it");
    }
    for (const wrong of kind.wrongValues) {
      assertThrows(() => checkValue(kind, wrong, "it", "test"), RangeError, "Cannot test: it");
    }
  });
}

Deno.test("instance() refuses what is closed", () => {
  const aborted = AbortSignal.abort();
  assertThrows(() => checkValue(signal, aborted, "it", "test"), TypeError, "it is closed");
});

Deno.test("bytesOf() takes every BufferSource as what it is, and nothing else", () => {
  const buffer = Uint8Array.of(0, 1, 2, 3).buffer;
  const sources: BufferSource[] = [
    new Uint8Array(buffer, 1, 2),
    new DataView(buffer, 1, 2),
    new Int8Array(buffer, 1, 2),
    new Uint8ClampedArray(buffer, 1, 2),
    buffer.slice(1, 3),
  ];
  for (const source of sources) assertEquals([...bytesOf(source, "it")], [1, 2]);
  assertEquals([...bytesOf(new Uint16Array(buffer), "it")], [0, 1, 2, 3]);
  const alike = [{ length: 2 }, { constructor: Uint8Array }, Object.create(Uint8Array.prototype)];
  for (const wrong of ["text", 4, [1, 2], null, undefined, {}, new Set([1]), ...alike]) {
    assertThrows(() => bytesOf(wrong, "it"), TypeError, "it must be an ArrayBuffer");
  }
});

Deno.test("bytesOf() refuses memory that was given away, and takes what is empty", () => {
  for (const gone of detached(4)) {
    assertThrows(() => bytesOf(gone, "it"), TypeError, "not one whose memory was given away");
  }
  assertEquals(bytesOf(new Uint8Array(0), "it").length, 0);
});

Deno.test("checkInto() takes a Uint8Array or nothing", () => {
  for (const good of [undefined, new Uint8Array(0), new Uint8Array(1), Buffer.alloc(1)]) {
    checkInto(good);
  }
  const alike = [{ constructor: Uint8Array }, Object.create(Uint8Array.prototype)];
  const others = [null, 1, "text", [], {}, new Int8Array(1), new ArrayBuffer(1), ...alike];
  for (const wrong of [...others, detached(1)[0]]) {
    assertThrows(() => checkInto(wrong), TypeError, "into must be a Uint8Array");
  }
});
