import { assert, assertEquals, assertMatch, assertThrows } from "../../testing/assert.ts";
import { cString, LIBRARY_VARIABLE, loadOpenSsl, toCString } from "./library.ts";
// Another specifier is another instance of the module: one that has no library open yet.
import * as fresh from "./library.ts?without-library";
import { IDENTITIES } from "./identity_symbols.ts";
import { ALGORITHMS } from "./algorithm_symbols.ts";
import { LIBCRYPTO, LIBSSL } from "./symbols.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

/** Why a library cannot be used. */
function refusal(path: string): string {
  return assertThrows(() => fresh.loadOpenSsl(path), fresh.OpenSslMissingError).message;
}

const onLinux = Deno.build.os === "linux";

Deno.test("the tables of symbols name functions that the library has", () => {
  const names = [LIBSSL, LIBCRYPTO, IDENTITIES, ALGORITHMS].flatMap((table) => Object.keys(table));
  assertEquals(names.filter((name) => typeof Reflect.get(lib, name) !== "function"), []);
});

Deno.test("loadOpenSsl() returns the same library again", () => {
  assert(loadOpenSsl() === lib);
});

Deno.test("loadOpenSsl() tells the version", () => {
  assertMatch(lib.versionText, /^OpenSSL [3-9]\.\d+\.\d+/);
});

Deno.test("loadOpenSsl() says how to install what is missing", () => {
  const message = refusal("/nonexistent/libssl.so.3");
  assertMatch(
    message,
    /^OpenSSL 3 is missing \(the setting library names \/nonexistent\/libssl\.so\.3, which cannot be opened\)/,
  );
  assertMatch(message, /; to install that: .+/);
  if (onLinux) assertMatch(message, /apt install libssl3/);
});

Deno.test("loadOpenSsl() keeps the cause of what is missing", () => {
  const load = () => fresh.loadOpenSsl("/nonexistent/libssl.so.3");
  const error = assertThrows(load, fresh.OpenSslMissingError);
  assertMatch(String(error.cause), /\/nonexistent\/libssl\.so\.3/);
});

Deno.test("loadOpenSsl() does not remember a failure", () => {
  assertEquals(refusal("/nonexistent/a.so") === refusal("/nonexistent/b.so"), false);
});

Deno.test({
  name: "loadOpenSsl() refuses a library that is not OpenSSL",
  ignore: !onLinux,
  fn() {
    const message = refusal("libc.so.6");
    assertMatch(message, /^libc\.so\.6 is no libssl of OpenSSL 3: it has no OpenSSL_version/);
    assertMatch(message, new RegExp(`name another libssl in ${LIBRARY_VARIABLE}$`));
  },
});

Deno.test({
  name: "loadOpenSsl() refuses libcrypto, which is only one half",
  ignore: !onLinux,
  fn() {
    assertMatch(
      refusal("libcrypto.so.3"),
      /^libcrypto\.so\.3 is no libssl .+ it has no \w+;/,
    );
  },
});

Deno.test("toCString() and cString() keep a text as it is", () => {
  const bytes = toCString("Zoë");
  assertEquals(bytes.at(-1), 0);
  assertEquals(cString(Deno.UnsafePointer.of(bytes)), "Zoë");
});

Deno.test("cString() is null for NULL", () => {
  assertEquals(cString(null), null);
});

Deno.test("toCString() refuses a text that C would cut off", () => {
  assertEquals([...toCString("a")], [97, 0]);
  for (const text of ["\0", "a\0", "a\0b"]) {
    assertThrows(() => toCString(text), RangeError, "zero byte");
  }
});
