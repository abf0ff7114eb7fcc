/** Opens libssl and libc before any test runs: the resource sanitizer would take them for leaks. */
import { loadOpenSsl } from "../openssl/bindings/library.ts";
import { loadLibc } from "../posix/libc.ts";

if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
  throw new Error("the tests need what their task gives them: deno task test [FILE]");
}
loadOpenSsl();
try {
  loadLibc();
} catch {
  // The tests that call it say why it cannot be had.
}
