import { UsageError } from "../base/errors.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { file, hostName, oneOf, option, text, wholeNumber } from "./option_kinds.ts";

const NUMBER = wholeNumber([1, 65535], "", 1);
const CHOICE = oneOf(["message", "once"], "how", "message");
const HOST = hostName("where", "127.0.0.1");

Deno.test("file() refuses what is no file's name", () => {
  const { read } = file("what it is");
  assertEquals(read(["a.ndjson"], "--append"), "a.ndjson");
  for (const text of ["-", ""]) {
    assertThrows(() => read([text], "--append"), UsageError, "a file's name is wanted");
  }
});

Deno.test("wholeNumber() reads a number of its range", () => {
  assertEquals(["1", "65535", "0080"].map((text) => NUMBER.read([text], "--port")), [1, 65535, 80]);
});

for (const text of ["0", "65536", "http", "1e3", "80.5", "-1", " 1", "0x10", "9".repeat(20)]) {
  Deno.test(`wholeNumber() refuses ${text}`, () => {
    const line = `--port ${text}: a whole number from 1 to 65535 is allowed`;
    assertEquals(assertThrows(() => NUMBER.read([text], "--port"), UsageError).message, line);
  });
}

Deno.test("oneOf() reads one of its choices, and names them where it is another", () => {
  assertEquals(CHOICE.read(["once"], "--connect"), "once");
  assertEquals([CHOICE.value, CHOICE.help], ["message|once", "how (default message)"]);
  for (const text of ["always", "Once", "messag"]) {
    const line = `--connect ${text}: use message or once`;
    assertEquals(assertThrows(() => CHOICE.read([text], "--connect"), UsageError).message, line);
  }
});

Deno.test("hostName() reads a name or an address in its canonical form", () => {
  const read = ["Localhost", "127.0.0.1", "[::1]", "FE80::0:1%eth0"].map((text) =>
    HOST.read([text], "--host")
  );
  assertEquals(read, ["localhost", "127.0.0.1", "::1", "fe80::1%eth0"]);
});

const WRONG_HOSTS: Record<string, string> = {
  "a b": '--host "a b" is neither a host name nor an IPv4 or IPv6 address',
  "[]": '--host "[]" has brackets, which stand around an IPv6 address alone',
  "http://a.example": '--host "http://a.example" is a URL: only its host is wanted',
  "a:1443": '--host "a:1443" has a port in it: the port is said by itself',
};

for (const [text, line] of Object.entries(WRONG_HOSTS)) {
  Deno.test(`hostName() refuses ${text}`, () => {
    assertEquals(assertThrows(() => HOST.read([text], "--host"), UsageError).message, line);
  });
}

Deno.test("an option's help says its default, unless it is none", () => {
  const helps = [
    text("DIR", "folder", "results").help,
    text("FILE", "document", null).help,
    wholeNumber([1, 2], "size", 1).help,
    wholeNumber([0, 2], "core", null).help,
    option("A,B", "cores", undefined, () => undefined).help,
  ];
  const wanted = ["folder (default results)", "document", "size (1 to 2, default 1)"];
  assertEquals(helps, [...wanted, "core (0 to 2)", "cores"]);
});
